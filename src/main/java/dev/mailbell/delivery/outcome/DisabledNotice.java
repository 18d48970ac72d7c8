package dev.mailbell.delivery.outcome;

import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outbox.EventWriter;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.delivery.outcome.OutcomeTable.Ended;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import java.sql.Connection;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Announces that a webhook was disabled: in its client's feed, and to the client's others. */
final class DisabledNotice {
    private static final JsonMapper JSON = new JsonMapper();

    private DisabledNotice() {}

    /**
     * Adds the event and its deliveries, within the connection's transaction. The URL is not told:
     * it may hold a secret that the client's other receivers are not to know.
     */
    static List<Delivery> announce(Connection connection, Webhook webhook, Ended last) {
        Instant now = last.attempt().endedAt().truncatedTo(ChronoUnit.MILLIS);
        Instant since = webhook.health().failingSince();
        var payload = JSON.createObjectNode();
        payload.put("type", EventType.WEBHOOK_DISABLED.wireName()).put("timestamp", now.toString());
        payload.putObject("data")
                .put("webhookId", webhook.id().toString())
                .put("description", webhook.description())
                .put("reason", last.attempt().gone() ? "gone" : "failing")
                .put("failingSince", since == null ? null : since.toString())
                .put("failures", webhook.health().failures())
                .put("lastError", webhook.health().lastError());
        Event event =
                new Event(
                        Ids.next(),
                        webhook.clientId(),
                        null,
                        EventType.WEBHOOK_DISABLED,
                        now,
                        JSON.writeValueAsString(payload));
        NewEvent added = new NewEvent(event, null, 0, Map.of(), null);
        return EventWriter.add(connection, added, webhook.id(), last.attempt().endedAt())
                .deliveries();
    }
}
