package dev.mailbell.delivery.queue;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.webhook.Webhook;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/**
 * The pending deliveries of one webhook that are in memory, and the health of its endpoint. They
 * are of shards that this node owns. The table is the truth; a queue that is full or stale reads it
 * again. A delivery stays in the queue until its outcome is written: so reading the table never
 * brings it back, and the next delivery of its mailbox never overtakes it, not even over a crash or
 * when another node takes the shard. A delivery that waits for its next attempt leaves the queue
 * with its mailbox, which is read again when the attempt is due. Safe for many threads.
 */
final class WebhookQueue {
    /** Deliveries in memory at most. */
    static final int MAX_DELIVERIES = 512;

    private static final Duration KEPT_IDLE = Duration.ofMinutes(1);

    private final UUID webhookId;
    private final UUID client;
    private final Ownership ownership;
    private final AttachedWebhook attached;
    private final MailboxQueues mailboxes = new MailboxQueues();
    private final DepartedDeliveries departures;
    private final TableReadState table = new TableReadState();
    private final CallEnds calls;
    private final ThrottledRead throttledRead;
    private boolean retired;

    /** Rises at each reset; what was read from the table in an earlier epoch is ignored. */
    private int epoch;

    /** For a webhook of the client; the health of its endpoint is made from its row. */
    WebhookQueue(
            UUID webhookId,
            UUID client,
            CommitSequence commits,
            Ownership ownership,
            Function<Webhook, EndpointHealth> newHealth,
            Instant now) {
        this.webhookId = webhookId;
        this.client = client;
        this.ownership = ownership;
        this.attached = new AttachedWebhook(newHealth);
        this.departures = new DepartedDeliveries(commits);
        this.calls = new CallEnds(this, mailboxes, table, departures, now);
        this.throttledRead = new ThrottledRead(this, attached, table);
    }

    UUID webhookId() {
        return webhookId;
    }

    UUID client() {
        return client;
    }

    /** Takes the ends of the calls that were begun. */
    CallEnds calls() {
        return calls;
    }

    /** The wait of a thread that reads the table for an endpoint that is not healthy. */
    ThrottledRead throttledRead() {
        return throttledRead;
    }

    /** The row of the webhook and the health of its endpoint. */
    AttachedWebhook attached() {
        return attached;
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
        calls.used(now);
        if (mailboxes.contains(delivery.id()) || departures.has(delivery.id())) {
            return true;
        }
        if (!delivery.first()) {
            mailboxes.markSuccessor(delivery.mailboxKey());
        }
        // While the table has a backlog, half of the capacity is kept for reading it.
        int max = table.hasBacklog() ? attached.capacity() / 2 : MAX_DELIVERIES;
        if (!delivery.first()
                || attached.isBlocked()
                || mailboxes.size() >= max
                || departures.mayHaveForgotten(begun)
                || !ownership.mayBegin(delivery.shard())) {
            table.markBacklog();
        } else {
            mailboxes.add(delivery, false);
        }
        return true;
    }

    /**
     * Whether the caller is to read the table now: the row of the webhook is outdated, or the queue
     * has capacity, the table may have a backlog and the endpoint is not blocked; and no other
     * thread reads. Where a thread waits for the throttle, the endpoint must be healthy. After a
     * failed read the next one waits.
     *
     * @param nanoTime of the monotonic clock
     * @return the epoch to hand to {@link #refill}; -1 when nothing is to be read
     */
    synchronized int beginRefill(Instant now, long nanoTime) {
        boolean pageWanted =
                table.isWanted(now)
                        && wantsPage(epoch)
                        && (!table.isThrottled() || attached.isHealthy());
        if (retired || !table.mayRead(nanoTime) || !(attached.isOutdated() || pageWanted)) {
            return -1;
        }
        table.begin();
        return epoch;
    }

    /**
     * Whether a page of the table can be taken up: there is room and the endpoint not blocked, and
     * the queue was not reset meanwhile.
     */
    synchronized boolean wantsPage(int epoch) {
        return epoch == this.epoch
                && mailboxes.size() <= attached.capacity() / 2
                && !attached.isBlocked();
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

    /** An overdue delivery was found in the table; unless it is here, the table is read again. */
    synchronized void markStale(UUID overdue) {
        if (!mailboxes.contains(overdue)) {
            table.markBacklog();
        }
    }

    /** The table may have pending deliveries that are not here. */
    synchronized void markBacklog() {
        table.markBacklog();
    }

    /**
     * Attaches the row of the webhook, as read from the table. When its client has changed it since
     * the last time, all but the calls under way is forgotten.
     *
     * @param asked the answer of {@link AttachedWebhook#asked} before the row was read
     */
    synchronized void attach(int epoch, int asked, Webhook row) {
        if (epoch == this.epoch && attached.read(row, asked)) {
            forgetDeliveries();
        }
    }

    /** Adds a page of due deliveries from the table. */
    synchronized void refill(int epoch, DeliveryStore.Page page) {
        if (epoch != this.epoch) {
            table.skipped();
            return;
        }
        boolean skipped = false;
        for (Delivery delivery : page.due()) {
            if (!ownership.mayBegin(delivery.shard())) {
                skipped = true;
            } else if (!table.isOutdated(delivery.id(), delivery.mailboxKey())) {
                mailboxes.add(delivery, page.withSuccessor().contains(delivery.id()));
            }
        }
        table.succeeded(page);
        if (skipped) {
            table.markBacklog();
        }
    }

    /** The table was not read after all. */
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
        while (mailboxes.hasReady()) {
            Delivery next = mailboxes.next();
            ShardFence fence = BeginFence.of(ownership, next.shard());
            if (fence == null) {
                mailboxes.dropNext();
                table.markBacklog();
                continue;
            }
            Optional<Call> call = attached.tryBegin(next, fence, permits, this, table.hasBacklog());
            if (call.isEmpty()) {
                break;
            }
            mailboxes.begin();
            calls.add(call.get());
        }
        return calls;
    }

    /** The probe of the endpoint's breaker, where it is due and a delivery waits here. */
    synchronized Optional<EndpointHealth> beginProbe() {
        return mailboxes.hasReady() ? attached.beginProbe() : Optional.empty();
    }

    /** The row of the webhook may have changed: it is read before more is sent. */
    synchronized void outdate() {
        attached.outdate();
    }

    /**
     * Forgets all but the calls under way, so that webhook and deliveries are read again. A thread
     * that reads them or waits to do so goes on and is the only one: else each change of a webhook
     * would add one.
     */
    synchronized void reset() {
        epoch++;
        attached.forget();
        forgetDeliveries();
    }

    private void forgetDeliveries() {
        departures.forgetAll();
        table.reset();
        mailboxes.clear();
    }

    /** The accounts and their deliveries were deleted; calls under way end as usual. */
    synchronized void forgetAccounts(Set<UUID> accounts) {
        forgetRead();
        mailboxes.forget(delivery -> {
            // An event about a webhook has none, and Set.of refuses to look for null.
            UUID account = delivery.accountId();
            return account != null && accounts.contains(account);
        });
    }

    /** This node releases the shards: what waits here of them is forgotten. */
    synchronized void released(Set<Integer> shards) {
        forgetRead();
        mailboxes.forget(delivery -> shards.contains(delivery.shard()));
    }

    /** Pages that were read before now are ignored, and offers of before looked up in the table. */
    private void forgetRead() {
        departures.forgetAll();
        if (table.isBeingRead()) {
            epoch++;
            table.markBacklog();
        }
    }

    /** Retires the queue when it was idle for a minute; answers whether it is retired. */
    synchronized boolean retire(Instant now) {
        departures.forgetOld(now);
        if ((attached.isDisabled() || (!mailboxes.hasReady() && table.isIdle()))
                && !table.isBeingRead()
                && !table.isThrottled()
                && mailboxes.hasNoneUnderWay()
                && calls.lastUsed().plus(KEPT_IDLE).isBefore(now)) {
            retired = true;
        }
        return retired;
    }

    /** The webhook was deleted, which retires its queue. */
    synchronized void webhookDeleted() {
        retired = true;
    }
}
