package dev.mailbell.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.mailbell.LogLines;
import dev.mailbell.client.ClientStore;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WebhookLogTest {
    private static final Instant NOW = Instant.parse("2026-11-20T23:59:07Z");
    private static final UUID ID = Ids.next();

    private final LogLines lines = new LogLines(WebhookLog.class, Level.INFO);

    @AfterEach
    void close() {
        lines.close();
    }

    private String lineOf(State state) {
        Webhook.Health health =
                state == State.ENABLED
                        ? Webhook.Health.GOOD
                        : new Webhook.Health(NOW, 7, "answered 502", null, null, 0, false);
        WebhookLog.changed(
                new Webhook(
                        ID,
                        ClientStore.DEFAULT,
                        "https://hooks.example.org:8443/in/t0ken?key=t0ken",
                        List.of(Webhook.ALL_EVENTS),
                        null,
                        Map.of(),
                        null,
                        new byte[] {1, 2, 3},
                        null,
                        state,
                        health,
                        NOW,
                        NOW));
        return lines.messages().getLast();
    }

    @Test
    void a_line_names_the_host_and_the_reason_and_not_the_path() {
        String webhook =
                "Webhook %s (https://hooks.example.org:8443, client %s) "
                        .formatted(ID, ClientStore.DEFAULT);
        assertThat(lineOf(State.FAILING))
                .isEqualTo(webhook + "fails: answered 502; deliveries wait and are tried again");
        assertThat(lineOf(State.DISABLED))
                .isEqualTo(
                        webhook
                                + "is disabled after 7 failures: answered 502; its deliveries wait until"
                                + " PATCH /v1/webhooks/%s sets its state to enabled".formatted(ID));
        assertThat(lineOf(State.ENABLED)).isEqualTo(webhook + "takes deliveries again");
    }
}
