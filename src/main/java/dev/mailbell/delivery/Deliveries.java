package dev.mailbell.delivery;

import dev.mailbell.cluster.Ownership;
import dev.mailbell.database.Database;
import dev.mailbell.database.FencedException;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.http.WebhookClient;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outcome.OutcomeTable;
import dev.mailbell.delivery.queue.AttemptExecutor;
import dev.mailbell.delivery.queue.DeliveryDispatcher;
import dev.mailbell.delivery.queue.DeliveryMeters;
import dev.mailbell.delivery.queue.DeliveryStore;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.Ids;
import dev.mailbell.secret.Keyring;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * The delivery of events to webhooks: the outbox, the queues and the fan-out, built and started.
 */
public final class Deliveries {
    /** The time that calls under way have when delivery stops. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private final AttemptExecutor executor;
    private final DeliveryDispatcher queues;
    private final FanOut fanOut;
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
            WebhookStore webhooks,
            WebhookClient client,
            Keyring keyring,
            DeliverySettings settings,
            Ownership ownership,
            MeterRegistry registry,
            InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
        this.ownership = ownership;
        this.executor = new AttemptExecutor(client, keyring, settings::timeout, clock);
        DeliveryMeters meters = new DeliveryMeters(registry, System::nanoTime);
        DeliveryStore store = new DeliveryStore(database.jdbi());
        DatabaseThrottle throttle = new DatabaseThrottle();
        this.queues =
                new DeliveryDispatcher(
                        store,
                        new OutcomeTable(database, settings::disableAfter),
                        webhooks,
                        executor,
                        settings,
                        ownership::isActive,
                        meters,
                        clock,
                        RandomGenerator.getDefault(),
                        throttle);
        this.fanOut = new FanOut(database.jdbi(), queues, meters, clock, throttle);
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
    }

    /** The entry of events. */
    public Outbox outbox() {
        return outbox;
    }

    /** A webhook was changed, deleted or enabled. */
    public void webhookChanged(UUID webhookId) {
        queues.webhookChanged(webhookId);
    }

    /** Webhooks were disabled: nothing that their queues hold is sent any more. */
    public void webhooksDisabled(Collection<UUID> webhookIds) {
        webhookIds.forEach(queues::webhookDisabled);
    }

    /** An account was deleted: its deliveries are no longer sent. */
    public void forgetAccount(UUID accountId) {
        queues.forgetAccount(accountId);
    }

    /**
     * Sends a {@code webhook.test} event once and at once, outside of the queues.
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
                webhook, new Delivery(Ids.next(), webhook.id(), null, null, 0, now, payload, true));
    }

    /** Begins no more calls and waits for those under way, 10 s at most. */
    public void stop() throws InterruptedException {
        fanOut.stop();
        queues.stop(STOP_LIMIT);
    }
}
