package dev.mailbell.delivery.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DatabaseThrottleTest {
    private final DatabaseThrottle throttle = new DatabaseThrottle();

    /** Works for this long; answers when. */
    private static long[] work(Duration duration) {
        long begun = System.nanoTime();
        long now = begun;
        while (now - begun < duration.toNanos()) {
            Thread.onSpinWait();
            now = System.nanoTime();
        }
        return new long[] {begun, now};
    }

    @Test
    void after_work_there_is_a_rest_of_seven_times_as_long() throws Exception {
        long[] first = throttle.run(() -> work(Duration.ofMillis(10)));
        long[] second = throttle.run(() -> work(Duration.ZERO));
        assertThat(second[0] - first[1]).isGreaterThanOrEqualTo(7 * (first[1] - first[0]));
    }

    @Test
    void one_works_at_a_time() throws Exception {
        AtomicInteger working = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            threads.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    throttle.run(() -> {
                                        most.accumulateAndGet(working.incrementAndGet(), Math::max);
                                        work(Duration.ofMillis(1));
                                        return working.decrementAndGet();
                                    });
                                } catch (InterruptedException e) {
                                    throw new IllegalStateException(e);
                                }
                            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(most).hasValue(1);
    }

    @Test
    void failed_work_releases_its_permit() throws Exception {
        assertThatIllegalStateException()
                .isThrownBy(() ->
                        throttle.run(() -> {
                            throw new IllegalStateException("failed");
                        }));
        assertThat(throttle.<Integer>run(() -> 1)).isEqualTo(1);
    }

    @Test
    void the_end_cuts_the_rest_short() throws Exception {
        DatabaseThrottle slow = new DatabaseThrottle(1_000_000_000, Long.MAX_VALUE / 4);
        slow.run(() -> work(Duration.ofMillis(1)));
        slow.end();
        // A rest of a million seconds would exceed the timeout of this test.
        assertThat(slow.<Integer>run(() -> 1)).isEqualTo(1);
        assertThat(slow.<Integer>run(() -> 2)).isEqualTo(2);
    }
}
