package dev.mailbell.e2e.cluster;

import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Mail that keeps arriving in random mailboxes until it is closed. */
final class MailFlow implements AutoCloseable {
    private static final int LONGEST_PAUSE_MILLIS = 60;

    private final Cluster cluster;
    private final Random random;
    private final AtomicInteger arrived = new AtomicInteger();
    private final Thread thread;
    private volatile boolean closed;

    MailFlow(Cluster cluster, long seed) {
        this.cluster = cluster;
        random = new Random(seed);
        thread = Thread.ofVirtual().name("mail-flow").start(this::run);
    }

    /** How many messages have arrived. */
    int arrived() {
        return arrived.get();
    }

    private void run() {
        List<Mailbox> mailboxes = cluster.mailboxes();
        try {
            while (!closed) {
                cluster.mail().deliver(mailboxes.get(random.nextInt(mailboxes.size())));
                arrived.incrementAndGet();
                TimeUnit.MILLISECONDS.sleep(1 + random.nextInt(LONGEST_PAUSE_MILLIS));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join();
    }
}
