package dev.mailbell.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RecentTest {
    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger made = new AtomicInteger();
    private final Recent<Integer, String> recent =
            new Recent<>(
                    key -> key + "/" + made.incrementAndGet(), Duration.ofSeconds(4), clock::get);

    @Test
    void a_value_is_made_once_until_it_is_old() {
        assertThat(recent.get(7)).isEqualTo("7/1");
        clock.addAndGet(Duration.ofSeconds(4).toNanos() - 1);
        assertThat(recent.get(7)).isEqualTo("7/1");
        assertThat(recent.get(8)).isEqualTo("8/2");
        clock.incrementAndGet();
        assertThat(recent.get(7)).isEqualTo("7/3");
    }

    @Test
    void the_keys_asked_for_last_are_kept() {
        for (int key = 0; key < 1_000; key++) {
            recent.get(key);
        }
        recent.get(0);
        recent.get(1_000);
        assertThat(recent.get(0)).isEqualTo("0/1");
        assertThat(recent.get(1)).isEqualTo("1/1002");
    }
}
