package dev.mailbell.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private final AtomicLong now = new AtomicLong();
    private final RateLimit limit = new RateLimit(() -> 2.0, now::get);

    @Test
    void a_key_gets_the_tokens_of_one_second_and_then_waits() {
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
    void keys_are_independent_and_tokens_do_not_accumulate() {
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("b")).isEmpty();
        now.addAndGet(Duration.ofHours(1).toNanos());
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("a")).isEmpty();
        assertThat(limit.take("a")).isPresent();
    }

    @Test
    void a_rate_below_one_still_admits_one_request() {
        RateLimit slow = new RateLimit(() -> 0.1, now::get);
        assertThat(slow.take("a")).isEmpty();
        assertThat(slow.take("a")).contains(Duration.ofSeconds(10));
    }
}
