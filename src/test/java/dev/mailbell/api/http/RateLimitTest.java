package dev.mailbell.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private final AtomicLong now = new AtomicLong();
    private final RateLimit limit = new RateLimit(() -> 2.0, now::get);

    @Test
    void a_key_gets_what_a_second_grants_and_then_waits_its_turn() {
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("a")).contains(Duration.ofMillis(500));
        now.addAndGet(Duration.ofMillis(250).toNanos());
        assertThat(limit.take("a")).contains(Duration.ofMillis(250));
        now.addAndGet(Duration.ofMillis(250).toNanos());
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("a")).contains(Duration.ofMillis(500));
    }

    @Test
    void keys_do_not_wait_for_each_other_and_rest_is_not_saved_up() {
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("b")).isEmpty();
        now.addAndGet(Duration.ofHours(1).toNanos());
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("a")).isPresent();
    }

    @Test
    void a_slow_rate_still_lets_one_through() {
        RateLimit slow = new RateLimit(() -> 0.1, now::get);
        assertThat(slow.take("a")).isEmpty();
        assertThat(slow.take("a")).contains(Duration.ofSeconds(10));
    }
}
