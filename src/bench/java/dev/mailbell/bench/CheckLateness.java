package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import dev.mailbell.bench.sim.MailSim;
import java.util.concurrent.atomic.AtomicLongArray;

/** How late each check begins: the time since the one before it, minus the interval. */
final class CheckLateness implements MailSim.CheckListener {
    private final AtomicLongArray before;
    private final long interval;
    private final Latencies late = new Latencies();

    /**
     * @param seconds between two checks at a mailbox, without jitter
     */
    CheckLateness(int mailboxes, int seconds) {
        before = new AtomicLongArray(mailboxes);
        interval = seconds * 1_000_000_000L;
    }

    @Override
    public void checked(int user, long nanoTime) {
        long last = before.getAndSet(user, nanoTime);
        if (last != 0) {
            late.add(nanoTime, nanoTime - last - interval);
        }
    }

    /**
     * Of checks in a span of {@link System#nanoTime}; a check that came early counts below zero.
     */
    Latencies.Sorted between(long from, long to) {
        return late.between(from, to);
    }
}
