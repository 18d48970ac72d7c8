package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import dev.mailbell.bench.sim.MailSim;
import java.util.concurrent.atomic.AtomicLongArray;

/** How late each look comes: the time since the one before it, less the interval. */
final class Gaps implements MailSim.LookListener {
    private final AtomicLongArray before;
    private final long interval;
    private final Latencies late = new Latencies();

    /**
     * @param seconds between two looks at a mailbox, without jitter
     */
    Gaps(int mailboxes, int seconds) {
        before = new AtomicLongArray(mailboxes);
        interval = seconds * 1_000_000_000L;
    }

    @Override
    public void looked(int user, long nanoTime) {
        long last = before.getAndSet(user, nanoTime);
        if (last != 0) {
            late.add(nanoTime, nanoTime - last - interval);
        }
    }

    /** Of looks in a span of {@link System#nanoTime}; a look that came early counts below zero. */
    Latencies.Sorted between(long from, long to) {
        return late.between(from, to);
    }
}
