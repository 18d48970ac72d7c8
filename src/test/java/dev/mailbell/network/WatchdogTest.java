package dev.mailbell.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WatchdogTest {
    private final Watchdog watchdog = new Watchdog();

    @AfterEach
    void close() {
        watchdog.close();
    }

    @Test
    void the_action_runs_once_when_the_deadline_passes() {
        AtomicInteger runs = new AtomicInteger();
        try (Watchdog.Cut cut =
                watchdog.arm(Deadline.after(Duration.ofMillis(1)), runs::incrementAndGet)) {
            await().until(() -> runs.get() == 1);
            assertThat(cut.hasFired()).isTrue();
            assertThat(cut.disarm()).isFalse();
        }
        assertThat(runs).hasValue(1);
    }

    @Test
    void the_action_does_not_run_when_the_work_ends_in_time() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        Watchdog.Cut cut =
                watchdog.arm(Deadline.after(Duration.ofSeconds(60)), runs::incrementAndGet);
        assertThat(cut.disarm()).isTrue();
        CountDownLatch later = new CountDownLatch(1);
        try (Watchdog.Cut other =
                watchdog.arm(Deadline.after(Duration.ofMillis(1)), later::countDown)) {
            assertThat(later.await(180, TimeUnit.SECONDS)).isTrue();
            assertThat(other.hasFired()).isTrue();
        }
        assertThat(runs).hasValue(0);
        assertThat(cut.hasFired()).isFalse();
    }

    @Test
    void an_action_that_blocks_or_fails_does_not_delay_the_next() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch next = new CountDownLatch(1);
        try (var blocking = watchdog.arm(Deadline.after(Duration.ZERO), never::await);
                var failing =
                        watchdog.arm(
                                Deadline.after(Duration.ZERO),
                                () -> {
                                    throw new IOException("already closed");
                                });
                var last = watchdog.arm(Deadline.after(Duration.ofMillis(1)), next::countDown)) {
            assertThat(next.await(180, TimeUnit.SECONDS)).isTrue();
            assertThat(blocking.hasFired() && failing.hasFired() && last.hasFired()).isTrue();
        } finally {
            never.countDown();
        }
    }
}
