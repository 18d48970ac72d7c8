package dev.mailbell.delivery.queue;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * The deliveries that a page of the table brought into a queue and that left it again: the thread
 * that committed such a delivery may offer it only now. Remembers 256 of them for 10 s; a delivery
 * that was committed before a forgotten one must be looked up in the table. Not safe for many
 * threads.
 */
final class DepartedDeliveries {
    static final int MAX = 256;
    private static final Duration KEPT = Duration.ofSeconds(10);

    private record Departure(long number, Instant at) {}

    private final CommitSequence commits;
    private final Map<UUID, Departure> departures = new LinkedHashMap<>();

    /** The number of the latest departure that is forgotten. */
    private long forgotten;

    DepartedDeliveries(CommitSequence commits) {
        this.commits = commits;
        this.forgotten = commits.next();
    }

    void add(UUID id, Instant now) {
        departures.remove(id);
        departures.put(id, new Departure(commits.next(), now));
        if (departures.size() > MAX) {
            forgetFirst();
        }
    }

    boolean has(UUID id) {
        return departures.containsKey(id);
    }

    /** Whether a delivery whose transaction had this number may have departed unremembered. */
    boolean mayHaveForgotten(long begun) {
        return begun < forgotten;
    }

    /** Forgets departures that are older than 10 s. */
    void forgetOld(Instant now) {
        while (!departures.isEmpty()
                && departures.values().iterator().next().at().plus(KEPT).isBefore(now)) {
            forgetFirst();
        }
    }

    /** Forgets all: each delivery that was committed before now must be looked up. */
    void forgetAll() {
        departures.clear();
        forgotten = commits.next();
    }

    private void forgetFirst() {
        Iterator<Departure> first = departures.values().iterator();
        forgotten = Math.max(forgotten, first.next().number());
        first.remove();
    }
}
