package dev.mailbell.delivery;

import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Rows of webhooks for tests without a database. */
public final class TestWebhooks {
    private TestWebhooks() {}

    /** A webhook for all events of its client. */
    public static Webhook webhook(UUID id, State state, Health health, Instant now) {
        return new Webhook(
                id,
                Ids.next(),
                "http://127.0.0.1/",
                List.of("*"),
                null,
                Map.of(),
                null,
                new byte[0],
                null,
                state,
                health,
                now,
                now);
    }
}
