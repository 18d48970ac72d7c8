package dev.mailbell.delivery.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
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
        // On a busy machine the work may take so long that the longest rest, 2 s, is shorter.
        assertThat(second[0] - first[1])
                .isGreaterThanOrEqualTo(
                        Math.min(7 * (first[1] - first[0]), Duration.ofSeconds(2).toNanos()));
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

    @Test
    void during_a_hurry_there_is_no_rest() throws Exception {
        DatabaseThrottle slow = new DatabaseThrottle(1_000_000_000, Long.MAX_VALUE / 4);
        slow.run(() -> work(Duration.ofMillis(1)));
        Thread resting =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                slow.run(() -> 1);
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        try (DatabaseThrottle.Hurry _ = slow.hurry()) {
            // A rest of a million seconds would exceed the timeout of this test.
            resting.join();
            assertThat(slow.<Integer>run(() -> 2)).isEqualTo(2);
        }
    }

    @Test
    void a_client_with_ten_thousand_pieces_of_work_does_not_delay_anothers() throws Exception {
        UUID client = new UUID(0, 1);
        UUID other = new UUID(0, 2);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        List<UUID> worked = Collections.synchronizedList(new ArrayList<>());
        throttle.end();
        List<Thread> threads = new ArrayList<>();
        threads.add(
                working(
                        client,
                        () -> {
                            begun.countDown();
                            await(goOn);
                        }));
        begun.await();
        for (int i = 0; i < 10_000; i++) {
            threads.add(working(client, () -> worked.add(client)));
        }
        Awaitility.await().until(() -> throttle.waiting() == 10_000);
        threads.add(working(other, () -> worked.add(other)));
        Awaitility.await().until(() -> throttle.waiting() == 10_001);
        goOn.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(worked.indexOf(other)).isEqualTo(1);
        assertThat(worked).hasSize(10_001);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Thread working(UUID client, Runnable work) {
        return Thread.ofVirtual()
                .start(() -> {
                    try {
                        throttle.run(
                                client,
                                () -> {
                                    work.run();
                                    return client;
                                });
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
    }
}
