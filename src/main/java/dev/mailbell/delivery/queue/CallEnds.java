package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.endpoint.EndpointHealth.Snapshot;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.network.Deadline;
import java.time.Instant;
import java.util.Set;

/**
 * What becomes of a delivery under way when its call ends. Works on the parts of a queue, under the
 * lock of the queue. Safe for many threads.
 */
final class CallEnds {
    private final WebhookQueue queue;
    private final MailboxQueues mailboxes;
    private final TableReadState table;
    private final DepartedDeliveries departures;

    /** When a delivery last came or left. */
    private Instant lastUsed;

    CallEnds(
            WebhookQueue queue,
            MailboxQueues mailboxes,
            TableReadState table,
            DepartedDeliveries departures,
            Instant now) {
        this.queue = queue;
        this.mailboxes = mailboxes;
        this.table = table;
        this.departures = departures;
        this.lastUsed = now;
    }

    void used(Instant now) {
        synchronized (queue) {
            lastUsed = now;
        }
    }

    Instant lastUsed() {
        synchronized (queue) {
            return lastUsed;
        }
    }

    /**
     * A call ended with an attempt. Its delivery stays under way until {@link #completed} or {@link
     * #retryAt}.
     *
     * @return the health to store with the webhook
     */
    Snapshot ended(Call call, Attempt attempt) {
        synchronized (queue) {
            return call.endpoint().ended(call, attempt, mailboxes.hasReady());
        }
    }

    /** A call ended without an attempt: its delivery is the first of its mailbox again. */
    void abandoned(Call call) {
        synchronized (queue) {
            call.endpoint().abandoned(call);
            if (!mailboxes.putBack(call.delivery())) {
                table.markBacklog();
            }
            queue.notifyAll();
        }
    }

    /** A call ended without an attempt, because its delivery is another node's to send. */
    void cut(Call call) {
        synchronized (queue) {
            call.endpoint().dropped(call);
            dropped(call.delivery());
        }
    }

    /** The last outcome of the delivery is written: it leaves, and its mailbox goes on. */
    void completed(Delivery delivery, Instant now) {
        synchronized (queue) {
            table.departed(delivery.id());
            lastUsed = now;
            depart(delivery);
            if (mailboxes.end(delivery)) {
                table.markBacklog();
            }
            queue.notifyAll();
        }
    }

    /** The failed attempt is written: the mailbox waits in the table until the next one is due. */
    void retryAt(Delivery delivery, Instant due) {
        synchronized (queue) {
            table.departed(delivery.mailboxKey());
            depart(delivery);
            mailboxes.drop(delivery);
            table.dueAt(due);
            queue.notifyAll();
        }
    }

    /**
     * The outcome of the delivery is not written, because another node owns it: its mailbox waits
     * in the table.
     */
    void dropped(Delivery delivery) {
        synchronized (queue) {
            mailboxes.drop(delivery);
            table.markBacklog();
            queue.notifyAll();
        }
    }

    /** A delivery that a page brought may yet be offered, and must then be recognized. */
    private void depart(Delivery delivery) {
        if (!delivery.first()) {
            departures.add(delivery.id(), lastUsed);
        }
    }

    /** Waits until no delivery of the shards is under way; false when the deadline passes first. */
    boolean awaitNoneUnderWay(Set<Integer> shards, Deadline deadline) throws InterruptedException {
        synchronized (queue) {
            while (mailboxes.hasUnderWay(shards)) {
                int left = deadline.remainingMillis();
                if (left == 0) {
                    return false;
                }
                queue.wait(left);
            }
            return true;
        }
    }
}
