package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.webhook.Webhook;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is owed to one webhook, as far as it is in memory: deliveries that are due, one line for
 * each mailbox. The table is the truth; a lane that is full or in doubt reads it again. A delivery
 * stays in its lane until its outcome is written, so that reading the table never brings it back
 * and the next one of its mailbox never overtakes it, not even over a crash. One that waits for its
 * next attempt leaves: it takes no room, and its mailbox is read again when it is due. Safe for
 * many threads.
 */
final class WebhookQueue {
    /** Deliveries in memory at most. */
    static final int WINDOW = 512;

    private static final Duration KEPT_IDLE = Duration.ofMinutes(1);

    private final UUID webhookId;
    private final MailboxQueues queues = new MailboxQueues();
    private final DepartedDeliveries departures;
    private final TableReadState table = new TableReadState();
    private @Nullable Webhook webhook;
    private @Nullable EndpointHealth receiver;

    private Instant lastUsed;
    private boolean retired;

    /** Rises when all is forgotten: what was read before is void. */
    private int era;

    WebhookQueue(UUID webhookId, CommitSequence commits, Instant now) {
        this.webhookId = webhookId;
        this.departures = new DepartedDeliveries(commits);
        this.lastUsed = now;
    }

    UUID webhookId() {
        return webhookId;
    }

    /**
     * Takes in a delivery that was committed just now, or leaves it to the table where order
     * demands that; false when this lane is no longer in use. What stands first in its mailbox does
     * not wait for what the table holds of others, which may be a lot. A page of the table may have
     * brought the delivery here before this call, and it may be sent already: it is not taken in
     * twice.
     *
     * @param begun when its transaction began, by {@link CommitSequence}
     */
    synchronized boolean offer(Delivery delivery, long begun, Instant now) {
        if (retired) {
            return false;
        }
        lastUsed = now;
        if (queues.contains(delivery.id()) || departures.has(delivery.id())) {
            return true;
        }
        if (!delivery.first()) {
            queues.follow(delivery.queue());
        }
        // While the table holds more, only so much that there is room to read it as well.
        int most = table.isBehind() ? room() / 2 : WINDOW;
        if (!delivery.first()
                || isClosed()
                || queues.size() >= most
                || departures.mayHaveForgotten(begun)) {
            table.markBehind();
        } else {
            queues.add(delivery, false);
        }
        return true;
    }

    /**
     * Whether the caller is to read the table now: there is room, it may hold more, the receiver
     * may be sent to, and no thread reads it. After a reading that failed the next one waits.
     * Answers the era to hand to {@link #refill}, or -1.
     *
     * @param nanoTime of the monotonic clock
     */
    synchronized int wantsRefill(Instant now, long nanoTime) {
        if (!table.isWanted(now, nanoTime) || retired || queues.size() > room() / 2 || isClosed()) {
            return -1;
        }
        table.begin();
        return era;
    }

    /** The thread that is to read the table had to wait, and reads it now. */
    synchronized void refillBegins(int era) {
        if (era == this.era) {
            table.restart();
        }
    }

    /** How many deliveries to read at once: as many as the receiver can use soon. */
    synchronized int room() {
        return receiver == null ? WINDOW : Math.min(WINDOW, receiver.appetite());
    }

    /**
     * The table holds something that should have been sent: unless it is here and waits its turn,
     * the table is read again.
     */
    synchronized void doubt(UUID overdue) {
        if (!queues.contains(overdue)) {
            table.markBehind();
        }
    }

    /** The webhook as the table has it, when it is not known here yet. */
    synchronized @Nullable Webhook webhook() {
        return webhook;
    }

    /** Whether the webhook took its latest delivery; false when it is not known here. */
    synchronized boolean isHealthy() {
        return receiver != null && receiver.isHealthy();
    }

    /** Whether nothing may be sent to the webhook now. */
    synchronized boolean isClosed() {
        return receiver != null && receiver.isClosed();
    }

    synchronized void meet(int era, Webhook webhook, EndpointHealth receiver) {
        if (era == this.era) {
            this.webhook = webhook;
            this.receiver = receiver;
        }
    }

    /** The webhook was changed by an outcome; one that is not known here is read when needed. */
    synchronized void know(Webhook changed) {
        if (receiver != null) {
            webhook = changed;
            receiver.know(changed);
        }
    }

    /** Takes in what is due in the table. */
    synchronized void refill(int era, DeliveryStore.Page page) {
        if (era != this.era) {
            return;
        }
        for (Delivery delivery : page.due()) {
            if (!table.isOld(delivery.id(), delivery.queue())) {
                queues.add(delivery, page.followed().contains(delivery.id()));
            }
        }
        table.succeeded(page);
    }

    /** The table was not read, because nothing may be sent now. */
    synchronized void refillSkipped(int era) {
        if (era == this.era) {
            table.skipped();
        }
    }

    /**
     * The table could not be read; it is tried again later, each time after twice as long.
     *
     * @return how many readings in a row have failed
     */
    synchronized int refillFailed(int era, long nanoTime) {
        refillSkipped(era);
        return table.failed(nanoTime);
    }

    /** Takes the deliveries that may be sent now, each with a slot of its own. */
    synchronized List<Call> take(DeliveryPermits<WebhookQueue> slots) {
        List<Call> calls = new ArrayList<>();
        while (webhook != null && receiver != null && queues.hasReady()) {
            Call call = receiver.tryBegin(webhook, queues.next(), slots, this, table.isBehind());
            if (call == null) {
                break;
            }
            queues.begin();
            calls.add(call);
        }
        return calls;
    }

    /** Whether something waits for nothing but the receiver. */
    synchronized boolean hasReady() {
        return queues.hasReady();
    }

    /** The delivery's end is written: it leaves the lane, and its mailbox goes on. */
    synchronized void done(Delivery delivery, Instant now) {
        table.leaves(delivery.id());
        lastUsed = now;
        depart(delivery);
        if (queues.end(delivery)) {
            table.markBehind();
        }
    }

    /** The attempt failed, which is written: the mailbox waits in the table. */
    synchronized void later(Delivery delivery, Instant at) {
        table.leaves(delivery.queue());
        depart(delivery);
        queues.drop(delivery);
        table.dueAt(at);
    }

    /** The delivery was taken but not attempted: it waits where it was. */
    synchronized void putBack(Delivery delivery) {
        if (!queues.putBack(delivery)) {
            table.markBehind();
        }
    }

    /** What was announced here is not announced again; what a page brought may yet be. */
    private void depart(Delivery delivery) {
        if (!delivery.first()) {
            departures.add(delivery.id(), lastUsed);
        }
    }

    /** Forgets all but what is under way, so that webhook and table are read again. */
    synchronized void reset() {
        era++;
        departures.forgetAll();
        table.reset();
        webhook = null;
        receiver = null;
        queues.clear();
    }

    /** The account was removed, and what was owed with it; what is under way ends by itself. */
    synchronized void forgetAccount(UUID accountId) {
        // What was committed before the removal and is announced after it is looked up.
        departures.forgetAll();
        if (table.isUnderWay()) {
            // What is being read may hold what is owed for it.
            era++;
            table.skipped();
            table.markBehind();
        }
        queues.forgetAccount(accountId);
    }

    /** Takes the lane out of use if it has not been of any for a while. */
    synchronized boolean retire(Instant now) {
        departures.forgetOld(now);
        boolean asleep = receiver != null && receiver.isDisabled();
        boolean idle = asleep || (!queues.hasReady() && table.isIdle());
        if (idle
                && !table.isUnderWay()
                && queues.hasNoneUnderWay()
                && lastUsed.plus(KEPT_IDLE).isBefore(now)) {
            retired = true;
        }
        return retired;
    }

    /** The webhook is gone: so is its lane. */
    synchronized void end() {
        retired = true;
    }
}
