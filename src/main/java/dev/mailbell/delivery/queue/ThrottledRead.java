package dev.mailbell.delivery.queue;

import java.time.Instant;

/**
 * The wait of a thread that is to read the table for an endpoint that is not healthy. Thousands of
 * threads may wait for the throttle; once the endpoint is healthy, another thread reads without it.
 * Works on the parts of a queue, under the lock of the queue. Safe for many threads.
 */
final class ThrottledRead {
    private final WebhookQueue queue;
    private final AttachedWebhook attached;
    private final TableReadState table;

    ThrottledRead(WebhookQueue queue, AttachedWebhook attached, TableReadState table) {
        this.queue = queue;
        this.attached = attached;
        this.table = table;
    }

    /**
     * The thread that was to read the table waits for the throttle instead.
     *
     * @return false when it need not: another thread waits, or the endpoint became healthy
     */
    boolean begin() {
        synchronized (queue) {
            table.skipped();
            if (table.isThrottled() || attached.isHealthy()) {
                return false;
            }
            table.setThrottled(true);
            return true;
        }
    }

    /**
     * The throttle lets the thread read the table now.
     *
     * @param nanoTime of the monotonic clock
     * @return as from {@link WebhookQueue#beginRefill}; -1 also when the table is to be read
     *     without the throttle, or the row of the webhook first
     */
    int end(Instant now, long nanoTime) {
        synchronized (queue) {
            table.setThrottled(false);
            return attached.isHealthy() || attached.isOutdated()
                    ? -1
                    : queue.beginRefill(now, nanoTime);
        }
    }

    /** The thread does not wait any more, and does not read. */
    void cancelled() {
        synchronized (queue) {
            table.setThrottled(false);
        }
    }
}
