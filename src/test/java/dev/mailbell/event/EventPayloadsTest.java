package dev.mailbell.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.event.EventPayloads.DisabledWebhook;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The bytes of payloads; EventContractTest holds all types to the schemas of the API. */
class EventPayloadsTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final UUID ID = UUID.fromString("01990000-0000-7000-8000-000000000001");

    @Test
    void a_test_names_its_webhook() {
        assertThat(EventPayloads.webhookTest(ID, NOW))
                .isEqualTo(
                        "{\"type\":\"webhook.test\",\"timestamp\":\"2026-01-02T03:04:05.678Z\","
                                + "\"data\":{\"webhookId\":\"01990000-0000-7000-8000-000000000001\"}}");
    }

    @Test
    void a_disabled_webhook_is_described_without_its_url() {
        DisabledWebhook webhook =
                new DisabledWebhook(ID, "mine", false, NOW.minusSeconds(5), 12, "no answer");
        assertThat(EventPayloads.webhookDisabled(webhook, NOW))
                .isEqualTo(
                        "{\"type\":\"webhook.disabled\",\"timestamp\":\"2026-01-02T03:04:05.678Z\","
                                + "\"data\":{\"webhookId\":\"01990000-0000-7000-8000-000000000001\","
                                + "\"description\":\"mine\",\"reason\":\"failing\","
                                + "\"failingSince\":\"2026-01-02T03:04:00.678Z\",\"failures\":12,"
                                + "\"lastError\":\"no answer\"}}");
    }

    @Test
    void a_webhook_that_is_gone_may_have_no_facts() {
        DisabledWebhook webhook = new DisabledWebhook(ID, null, true, null, 0, null);
        assertThat(EventPayloads.webhookDisabled(webhook, NOW))
                .endsWith(
                        "\"description\":null,\"reason\":\"gone\",\"failingSince\":null,"
                                + "\"failures\":0,\"lastError\":null}}");
    }

    @Test
    void another_count_leaves_all_other_keys_and_their_order_as_they_are() {
        String payload =
                "{\"type\":\"mail.new\",\"data\":{\"z\":1,\"newCount\":2,\"a\":\"ü\"},\"x\":[null]}";
        assertThat(EventPayloads.newCount(payload)).isEqualTo(2);
        assertThat(EventPayloads.withNewCount(payload, 7))
                .isEqualTo(payload.replace("\"newCount\":2", "\"newCount\":7"));
    }

    @Test
    void a_payload_without_a_count_counts_nothing() {
        assertThat(EventPayloads.newCount("{\"type\":\"webhook.test\",\"data\":{}}")).isZero();
    }
}
