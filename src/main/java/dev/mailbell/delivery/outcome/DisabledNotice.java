package dev.mailbell.delivery.outcome;

import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outbox.MergingEventWriter;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.delivery.outbox.OperatorEvents;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.EventPayloads.DisabledWebhook;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import java.sql.Connection;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Announces in the client's feed, to its other webhooks and to the operator that one of them was
 * disabled. The deliveries are of the shard of the delivery that failed last: so the node that
 * writes them sends them, under the same right.
 */
final class DisabledNotice {
    private DisabledNotice() {}

    /**
     * Writes the event, the operator's copy of it, and their deliveries, within the connection's
     * transaction.
     *
     * @return the deliveries by client
     */
    static Map<UUID, List<Delivery>> write(
            Connection connection, Webhook webhook, AttemptOutcome last) {
        NewEvent added = event(webhook, last);
        Instant now = last.attempt().endedAt();
        Map<UUID, List<Delivery>> fresh = new HashMap<>();
        fresh.put(
                webhook.clientId(),
                MergingEventWriter.write(connection, added, webhook.id(), now).deliveries());
        OperatorEvents.copyOf(added)
                .ifPresent(copy ->
                        fresh.put(
                                copy.event().clientId(),
                                MergingEventWriter.write(connection, copy, null, now)
                                        .deliveries()));
        return fresh;
    }

    private static NewEvent event(Webhook webhook, AttemptOutcome last) {
        Instant endedAt = last.attempt().endedAt();
        Instant now = endedAt.truncatedTo(ChronoUnit.MILLIS);
        Health health = webhook.health();
        String payload =
                EventPayloads.webhookDisabled(
                        new DisabledWebhook(
                                webhook.id(),
                                webhook.description(),
                                last.attempt().gone(),
                                health.failingSince(),
                                health.failures(),
                                health.lastError()),
                        now);
        Event event =
                new Event(
                        Ids.next(),
                        webhook.clientId(),
                        null,
                        EventType.WEBHOOK_DISABLED,
                        now,
                        payload);
        return new NewEvent(event, null, last.delivery().shard(), Map.of(), null);
    }
}
