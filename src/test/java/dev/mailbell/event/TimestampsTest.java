package dev.mailbell.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.request.Json;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TimestampsTest {
    @Test
    void every_time_has_milliseconds_whatever_its_precision() {
        assertThat(Timestamps.text(Instant.parse("2026-01-02T03:04:05Z")))
                .isEqualTo("2026-01-02T03:04:05.000Z");
        assertThat(Timestamps.text(Instant.parse("2026-01-02T03:04:05.678901234Z")))
                .isEqualTo("2026-01-02T03:04:05.678Z");
        Instant micros = Instant.parse("2026-01-02T03:04:05.678901Z");
        assertThat(Json.MAPPER.writeValueAsString(Map.of("at", micros)))
                .isEqualTo("{\"at\":\"2026-01-02T03:04:05.678Z\"}");
    }
}
