package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.endpoint.EndpointHealth.Snapshot;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.webhook.Webhook;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The pending deliveries of one webhook that are in memory, and the health of its endpoint. The
 * table is the truth; a queue that is full or stale reads it again. A delivery stays in the queue
 * until its outcome is written: so reading the table never brings it back, and the next delivery of
 * its mailbox never overtakes it, not even over a crash. A delivery that waits for its next attempt
 * leaves the queue with its mailbox, which is read again when the attempt is due. Safe for many
 * threads.
 */
final class WebhookQueue {
    /** Deliveries in memory at most. */
    static final int MAX_DELIVERIES = 512;

    private static final Duration KEPT_IDLE = Duration.ofMinutes(1);

    private final UUID webhookId;
    private final UUID client;
    private final Function<Webhook, EndpointHealth> newHealth;
    private final MailboxQueues mailboxes = new MailboxQueues();
    private final DepartedDeliveries departures;
    private final TableReadState table = new TableReadState();
    private @Nullable Webhook webhook;
    private @Nullable EndpointHealth endpoint;
    private Instant lastUsed;
    private boolean retired;

    /** Rises at each reset; what was read from the table in an earlier epoch is ignored. */
    private int epoch;

    /** For a webhook of the client; the health of its endpoint is made from its row. */
    WebhookQueue(
            UUID webhookId,
            UUID client,
            CommitSequence commits,
            Function<Webhook, EndpointHealth> newHealth,
            Instant now) {
        this.webhookId = webhookId;
        this.client = client;
        this.newHealth = newHealth;
        this.departures = new DepartedDeliveries(commits);
        this.lastUsed = now;
    }

    UUID webhookId() {
        return webhookId;
    }

    UUID client() {
        return client;
    }

    /**
     * Adds a delivery that was committed just now, or leaves it to the table where the order
     * demands that; false when this queue is retired. The first delivery of a mailbox does not wait
     * until the backlog of others is read. A page of the table may have brought the delivery here
     * before this call, and it may be sent already: it is not added twice.
     *
     * @param begun when its transaction began, by {@link CommitSequence}
     */
    synchronized boolean offer(Delivery delivery, long begun, Instant now) {
        if (retired) {
            return false;
        }
        lastUsed = now;
        if (mailboxes.contains(delivery.id()) || departures.has(delivery.id())) {
            return true;
        }
        if (!delivery.first()) {
            mailboxes.markSuccessor(delivery.mailboxKey());
        }
        // While the table has a backlog, half of the capacity is kept for reading it.
        int max = table.hasBacklog() ? capacity() / 2 : MAX_DELIVERIES;
        if (!delivery.first()
                || isBlocked()
                || mailboxes.size() >= max
                || departures.mayHaveForgotten(begun)) {
            table.markBacklog();
        } else {
            mailboxes.add(delivery, false);
        }
        return true;
    }

    /**
     * Whether the caller is to read the table now: the queue has capacity, the table may have a
     * backlog, the endpoint is not blocked, and no other thread reads. After a failed read the next
     * one waits.
     *
     * @param nanoTime of the monotonic clock
     * @return the epoch to hand to {@link #refill}; -1 when nothing is to be read
     */
    synchronized int beginRefill(Instant now, long nanoTime) {
        if (!table.isWanted(now, nanoTime)
                || retired
                || mailboxes.size() > capacity() / 2
                || isBlocked()) {
            return -1;
        }
        table.begin();
        return epoch;
    }

    /**
     * The thread that is to read the table had to wait, and reads it now.
     *
     * @return false when the queue was reset meanwhile, so that what it reads would be ignored
     */
    synchronized boolean refillStarted(int epoch) {
        table.restart();
        return epoch == this.epoch;
    }

    /** How many deliveries to read at once: as many as the endpoint can take soon. */
    synchronized int capacity() {
        return endpoint == null ? MAX_DELIVERIES : Math.min(MAX_DELIVERIES, endpoint.prefetch());
    }

    /** An overdue delivery was found in the table; unless it is here, the table is read again. */
    synchronized void markStale(UUID overdue) {
        if (!mailboxes.contains(overdue)) {
            table.markBacklog();
        }
    }

    /** The row of the webhook; null until {@link #attach}. */
    synchronized @Nullable Webhook webhook() {
        return webhook;
    }

    /** Whether the last POST to the endpoint succeeded; false before {@link #attach}. */
    synchronized boolean isHealthy() {
        return endpoint != null && endpoint.isHealthy();
    }

    /** Whether nothing may be sent to the endpoint now. */
    synchronized boolean isBlocked() {
        return endpoint != null && endpoint.isBlocked();
    }

    /** Attaches the row of the webhook, as read from the table. */
    synchronized void attach(int epoch, Webhook row) {
        if (epoch == this.epoch) {
            webhook = row;
            endpoint = newHealth.apply(row);
        }
    }

    /** An outcome changed the row of the webhook; one that is not attached is read when needed. */
    synchronized void webhookUpdated(Webhook changed) {
        if (endpoint != null) {
            webhook = changed;
            endpoint.refresh(changed);
        }
    }

    /** Adds a page of due deliveries from the table. */
    synchronized void refill(int epoch, DeliveryStore.Page page) {
        if (epoch != this.epoch) {
            table.skipped();
            return;
        }
        for (Delivery delivery : page.due()) {
            if (!table.isOutdated(delivery.id(), delivery.mailboxKey())) {
                mailboxes.add(delivery, page.withSuccessor().contains(delivery.id()));
            }
        }
        table.succeeded(page);
    }

    /** The table was not read, because the endpoint is blocked. */
    synchronized void refillSkipped() {
        table.skipped();
    }

    /**
     * The table could not be read; the wait before the next read doubles.
     *
     * @return how many reads in a row have failed
     */
    synchronized int refillFailed(long nanoTime) {
        refillSkipped();
        return table.failed(nanoTime);
    }

    /** Begins as many calls as the endpoint and the permits allow now. */
    synchronized List<Call> begin(DeliveryPermits<WebhookQueue> permits) {
        List<Call> calls = new ArrayList<>();
        while (webhook != null && endpoint != null && mailboxes.hasReady()) {
            Optional<Call> call =
                    endpoint.tryBegin(webhook, mailboxes.next(), permits, this, table.hasBacklog());
            if (call.isEmpty()) {
                break;
            }
            mailboxes.begin();
            calls.add(call.get());
        }
        return calls;
    }

    /**
     * A call ended with an attempt. Its delivery stays under way until {@link #completed} or {@link
     * #retryAt}.
     *
     * @return the health to store with the webhook
     */
    synchronized Snapshot ended(Call call, Attempt attempt) {
        return call.endpoint().ended(call, attempt, mailboxes.hasReady());
    }

    /** A call ended without an attempt: its delivery is the first of its mailbox again. */
    synchronized void abandoned(Call call) {
        call.endpoint().abandoned(call);
        if (!mailboxes.putBack(call.delivery())) {
            table.markBacklog();
        }
    }

    /** The last outcome of the delivery is written: it leaves, and its mailbox goes on. */
    synchronized void completed(Delivery delivery, Instant now) {
        table.departed(delivery.id());
        lastUsed = now;
        depart(delivery);
        if (mailboxes.end(delivery)) {
            table.markBacklog();
        }
    }

    /** The failed attempt is written: the mailbox waits in the table until the next one is due. */
    synchronized void retryAt(Delivery delivery, Instant due) {
        table.departed(delivery.mailboxKey());
        depart(delivery);
        mailboxes.drop(delivery);
        table.dueAt(due);
    }

    /** A delivery that a page brought may yet be offered, and must then be recognized. */
    private void depart(Delivery delivery) {
        if (!delivery.first()) {
            departures.add(delivery.id(), lastUsed);
        }
    }

    /**
     * Forgets all but the calls under way, so that webhook and deliveries are read again. A thread
     * that reads them or waits to do so goes on and is the only one: else each change of a webhook
     * would add one.
     */
    synchronized void reset() {
        epoch++;
        departures.forgetAll();
        table.reset();
        webhook = null;
        endpoint = null;
        mailboxes.clear();
    }

    /** The account and its deliveries were deleted; calls under way end as usual. */
    synchronized void forgetAccount(UUID accountId) {
        // A delivery that was committed before and is offered later is looked up in the table.
        departures.forgetAll();
        if (table.isBeingRead()) {
            // The page may hold deliveries of the account.
            epoch++;
            table.markBacklog();
        }
        mailboxes.forgetAccount(accountId);
    }

    /** Retires the queue when it was idle for a minute; answers whether it is retired. */
    synchronized boolean retire(Instant now) {
        departures.forgetOld(now);
        boolean disabled = endpoint != null && endpoint.isDisabled();
        if ((disabled || (!mailboxes.hasReady() && table.isIdle()))
                && !table.isBeingRead()
                && mailboxes.hasNoneUnderWay()
                && lastUsed.plus(KEPT_IDLE).isBefore(now)) {
            retired = true;
        }
        return retired;
    }

    /** The webhook was deleted, which retires its queue. */
    synchronized void webhookDeleted() {
        retired = true;
    }
}
