package dev.mailbell.delivery.queue;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * The deliveries that a page of the table brought into a lane and that left it again. The thread
 * that committed such a delivery may announce it only now. Remembers a bounded number for a bounded
 * time; what was committed before one that is forgotten must be looked up in the table. Not safe
 * for many threads.
 */
final class DepartedDeliveries {
    static final int MOST = 256;
    private static final Duration LONGEST = Duration.ofSeconds(10);

    private record Departure(long number, Instant at) {}

    private final CommitSequence commits;
    private final Map<UUID, Departure> left = new LinkedHashMap<>();

    /** Of the latest departure that is forgotten. */
    private long forgotten;

    DepartedDeliveries(CommitSequence commits) {
        this.commits = commits;
        this.forgotten = commits.next();
    }

    void add(UUID id, Instant now) {
        left.remove(id);
        left.put(id, new Departure(commits.next(), now));
        if (left.size() > MOST) {
            forgetFirst();
        }
    }

    boolean has(UUID id) {
        return left.containsKey(id);
    }

    /** Whether a delivery whose transaction began then may have been here and left. */
    boolean mayHaveForgotten(long begun) {
        return begun < forgotten;
    }

    void forgetOld(Instant now) {
        while (!left.isEmpty()
                && left.values().iterator().next().at().plus(LONGEST).isBefore(now)) {
            forgetFirst();
        }
    }

    /** From now on all that was committed before is looked up. */
    void forgetAll() {
        left.clear();
        forgotten = commits.next();
    }

    private void forgetFirst() {
        Iterator<Departure> first = left.values().iterator();
        forgotten = Math.max(forgotten, first.next().number());
        first.remove();
    }
}
