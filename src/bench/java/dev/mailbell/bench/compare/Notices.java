package dev.mailbell.bench.compare;

import dev.mailbell.bench.sim.Latencies;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compares added with announced messages of each mailbox: the n-th announced message counts as the
 * n-th added one.
 */
final class Notices {
    private static final Pattern MAILBOX = Pattern.compile("\"mailbox\"\\s*:\\s*\"user(\\d{1,9})@");
    private static final Pattern COUNT = Pattern.compile("\"count\"\\s*:\\s*(\\d{1,9})");

    private final Queue<Long>[] unannounced;
    private final Latencies latencies = new Latencies();
    private final LongAdder added = new LongAdder();
    private final LongAdder announced = new LongAdder();
    private final LongAdder surplus = new LongAdder();

    @SuppressWarnings({"unchecked", "rawtypes"})
    Notices(int mailboxes) {
        unannounced = new Queue[mailboxes];
        Arrays.setAll(unannounced, i -> new ArrayDeque<Long>());
    }

    /** A message is added to a mailbox now; called before the server announces it. */
    void added(int mailbox) {
        synchronized (unannounced[mailbox]) {
            unannounced[mailbox].add(System.nanoTime());
        }
        added.increment();
    }

    /** A POST's body: the mailbox, and how many messages where that is not one. */
    void posted(String body, long nanoTime) {
        Matcher mailbox = MAILBOX.matcher(body);
        int number = mailbox.find() ? Integer.parseInt(mailbox.group(1)) : -1;
        if (number < 0 || number >= unannounced.length) {
            surplus.increment();
            return;
        }
        Matcher count = COUNT.matcher(body);
        int messages = count.find() ? Integer.parseInt(count.group(1)) : 1;
        synchronized (unannounced[number]) {
            for (int i = 0; i < messages; i++) {
                Long cameAt = unannounced[number].poll();
                if (cameAt == null) {
                    surplus.add(messages - i);
                    return;
                }
                latencies.add(cameAt, nanoTime - cameAt);
                announced.increment();
            }
        }
    }

    long added() {
        return added.sum();
    }

    /** Messages that were not announced so far. */
    long missing() {
        return added.sum() - announced.sum();
    }

    /** Announced messages that were never added. */
    long surplus() {
        return surplus.sum();
    }

    Latencies latencies() {
        return latencies;
    }
}
