package dev.mailbell.api.admin;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.TestApi;
import dev.mailbell.event.CanaryStatus;
import dev.mailbell.event.Ids;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class StatsRoutesTest {
    private static final TestApi API = new TestApi();

    @AfterAll
    static void close() {
        API.close();
    }

    private static JsonNode canary() {
        return json(API.client().get("/v1/stats")).required("canary");
    }

    @Test
    void the_canary_is_shown_where_one_is_configured() {
        assertThat(canary().isNull()).isTrue();
        UUID account = Ids.next();
        API.canary =
                new CanaryStatus(
                        account,
                        true,
                        3,
                        "not_sent",
                        "canary.smtp did not take the mail: 550 no",
                        Instant.parse("2026-11-20T12:00:00Z"),
                        Duration.ofMillis(840));
        JsonNode late = canary();
        assertThat(late.required("accountId").stringValue()).isEqualTo(account.toString());
        assertThat(late.required("late").booleanValue()).isTrue();
        assertThat(late.required("misses").intValue()).isEqualTo(3);
        assertThat(late.required("reason").stringValue()).isEqualTo("not_sent");
        assertThat(late.required("message").stringValue()).contains("550 no");
        assertThat(late.required("announcedAt").stringValue()).startsWith("2026-11-20T12:00:00");
        assertThat(late.required("tookSeconds").doubleValue()).isEqualTo(0.84);
        API.canary = null;
        assertThat(canary().isNull()).isTrue();
    }
}
