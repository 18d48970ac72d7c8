package dev.mailbell.delivery;

import dev.mailbell.database.Database;
import dev.mailbell.database.FencedException;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.http.WebhookClient;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outcome.OutcomeTable;
import dev.mailbell.delivery.queue.AttemptExecutor;
import dev.mailbell.delivery.queue.DeliveryMeters;
import dev.mailbell.delivery.queue.DeliveryStore;
import dev.mailbell.delivery.queue.WebhookQueues;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.secret.Keyring;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import tools.jackson.databind.json.JsonMapper;

/** The delivery of events to webhooks: where events enter, and the lanes that bring them there. */
public final class Deliveries {
    private static final JsonMapper JSON = new JsonMapper();

    /** What is under way at the end may take this long. */
    private static final Duration LAST_CALLS = Duration.ofSeconds(10);

    private final AttemptExecutor courier;
    private final WebhookQueues lanes;
    private final FanOut fanOut;
    private final Outbox outbox;
    private final InstantSource clock;
    private final BooleanSupplier held;

    /**
     * @param held whether this node may send deliveries now
     * @param clock by which all waits last; its steps would prolong or shorten them, so give one
     *     that does not step
     */
    public Deliveries(
            Database database,
            WebhookStore webhooks,
            WebhookClient client,
            Keyring keyring,
            DeliverySettings settings,
            BooleanSupplier held,
            MeterRegistry registry,
            InstantSource clock) {
        this.clock = clock;
        this.held = held;
        this.courier = new AttemptExecutor(client, keyring, settings::timeout, clock);
        DeliveryMeters meters = new DeliveryMeters(registry, System::nanoTime);
        DeliveryStore store = new DeliveryStore(database.jdbi());
        DatabaseThrottle writing = new DatabaseThrottle();
        this.lanes =
                new WebhookQueues(
                        store,
                        new OutcomeTable(database, settings::disableAfter),
                        webhooks,
                        courier,
                        settings,
                        held,
                        meters,
                        clock,
                        RandomGenerator.getDefault(),
                        writing);
        this.fanOut = new FanOut(database.jdbi(), lanes, meters, clock, writing);
        this.outbox = new Outbox(database.dataSource(), lanes, meters, clock);
    }

    /** The present on the clock by which deliveries are due. */
    public Instant now() {
        return clock.instant();
    }

    /** Begins to deliver what is owed. */
    public void start() {
        lanes.start();
        fanOut.start();
    }

    /** Where events enter. */
    public Outbox outbox() {
        return outbox;
    }

    /** A webhook was changed, removed or enabled. */
    public void changed(UUID webhookId) {
        lanes.changed(webhookId);
        courier.forget(webhookId);
    }

    /** An account was removed: what was owed for it is no longer sent. */
    public void forgetAccount(UUID accountId) {
        lanes.forgetAccount(accountId);
    }

    /**
     * Sends a {@code webhook.test} event now, once, outside all queues.
     *
     * @throws FencedException when this node may not send deliveries now
     */
    public Attempt test(Webhook webhook) {
        if (!held.getAsBoolean()) {
            throw new FencedException();
        }
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        var payload = JSON.createObjectNode();
        payload.put("type", EventType.WEBHOOK_TEST.wireName()).put("timestamp", now.toString());
        payload.putObject("data").put("webhookId", webhook.id().toString());
        return courier.send(
                webhook,
                new Delivery(
                        Ids.next(),
                        webhook.id(),
                        null,
                        null,
                        0,
                        now,
                        JSON.writeValueAsString(payload),
                        true));
    }

    /** Begins no more deliveries and waits, at most 10 s, for those under way. */
    public void stop() throws InterruptedException {
        fanOut.stop();
        lanes.stop(LAST_CALLS);
    }
}
