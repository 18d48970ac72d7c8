package dev.mailbell.delivery;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardOwner;
import dev.mailbell.database.Database;
import dev.mailbell.database.FencedException;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.http.WebhookClient;
import dev.mailbell.delivery.log.ActivityTable;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.WebhookActivity;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outcome.OutcomeTable;
import dev.mailbell.delivery.post.AttemptExecutor;
import dev.mailbell.delivery.queue.DeliveryDispatcher;
import dev.mailbell.delivery.queue.DeliveryMeters;
import dev.mailbell.delivery.queue.DeliveryStore;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.Ids;
import dev.mailbell.network.Deadline;
import dev.mailbell.secret.Keyring;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookHealthTable;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * The delivery of events to webhooks: the outbox, the queues and the fan-out, built and started. A
 * node sends the deliveries of the shards that it owns.
 */
public final class Deliveries implements ShardOwner {
    /** The time that calls under way have when delivery stops. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private final AttemptExecutor executor;
    private final DeliveryDispatcher queues;
    private final FanOut fanOut;
    private final WebhookActivity activity;
    private final Outbox outbox;
    private final DeliverySettings settings;
    private final InstantSource clock;
    private final Ownership ownership;

    /**
     * @param ownership the shards whose deliveries this node sends
     * @param clock the time base of all waits; a clock that steps would change their length
     */
    public Deliveries(
            Database database,
            WebhookClient client,
            Keyring keyring,
            DeliverySettings configured,
            Ownership ownership,
            MeterRegistry registry,
            InstantSource clock) {
        this.settings = new NodeSettings(configured, ownership);
        this.clock = clock;
        this.ownership = ownership;
        this.executor = new AttemptExecutor(client, keyring, settings::timeout, clock);
        DeliveryMeters meters = new DeliveryMeters(registry, System::nanoTime);
        DeliveryStore store = new DeliveryStore(database.jdbi());
        DatabaseThrottle throttle = new DatabaseThrottle();
        this.activity = new WebhookActivity(new ActivityTable(database.jdbi()));
        this.queues =
                new DeliveryDispatcher(
                        store,
                        new OutcomeTable(database, settings::disableAfter),
                        new WebhookHealthTable(database.jdbi()),
                        executor,
                        settings,
                        ownership,
                        meters,
                        clock,
                        RandomGenerator.getDefault(),
                        throttle,
                        activity);
        this.fanOut = new FanOut(database.jdbi(), queues, ownership, meters, clock, throttle);
        this.outbox = new Outbox(database.dataSource(), queues, meters, clock);
    }

    /** How long a POST may take. */
    public Duration longestPost() {
        return settings.timeout();
    }

    /** The time of the clock by which deliveries are due. */
    public Instant now() {
        return clock.instant();
    }

    /** Starts to send pending deliveries. */
    public void start() {
        queues.start();
        fanOut.start();
        activity.start();
    }

    /** The entry of events. */
    public Outbox outbox() {
        return outbox;
    }

    @Override
    public void acquired(Set<Integer> shards) {
        queues.acquired();
    }

    @Override
    public void released(Set<Integer> shards, Deadline deadline) throws InterruptedException {
        queues.released(shards, deadline);
        fanOut.released(deadline);
    }

    /** Deliveries that wait are found again page by page, whatever else was acquired. */
    @Override
    public boolean isBusy() {
        return false;
    }

    /** Nothing is cut: a POST that another node makes a second time has the same id. */
    @Override
    public void suspended() {}

    /**
     * The row of a webhook or its deliveries were changed, by any node: what is sent from now on is
     * as the rows say. Does not block.
     */
    public void webhookChanged(UUID webhookId) {
        queues.webhookChanged(webhookId);
    }

    /** Any webhook may have been changed, deleted or enabled. */
    public void allWebhooksChanged() {
        queues.allWebhooksChanged();
    }

    /**
     * A node, maybe this one, changed the health of an endpoint in the row of its webhook. Does not
     * block, costs next to nothing where this node has nothing to send to the webhook, and leaves
     * what waits in memory.
     */
    public void webhookHealthChanged(UUID webhookId) {
        queues.webhookHealthChanged(webhookId);
    }

    /** Webhooks were disabled: nothing that their queues hold is sent any more. */
    public void webhooksDisabled(Collection<UUID> webhookIds) {
        webhookIds.forEach(queues::webhookDisabled);
    }

    /** Accounts were deleted: their deliveries are no longer sent. */
    public void forgetAccounts(Set<UUID> accounts) {
        queues.forgetAccounts(accounts);
    }

    /**
     * Sends a {@code webhook.test} event once and at once, outside of the queues and shards.
     *
     * @throws FencedException when this node may not send deliveries now
     */
    public Attempt test(Webhook webhook) {
        if (!ownership.isActive()) {
            throw new FencedException();
        }
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        String payload = EventPayloads.webhookTest(webhook.id(), now);
        return executor.attempt(
                webhook,
                new Delivery(Ids.next(), webhook.id(), null, null, 0, 0, now, payload, true));
    }

    /** Begins no more calls and waits for those under way, 10 s at most. */
    public void stop() throws InterruptedException {
        try {
            fanOut.stop();
            queues.stop(STOP_LIMIT);
        } finally {
            activity.close();
        }
    }
}
