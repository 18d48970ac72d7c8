package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class RecurringTaskTest {
    private static final Duration SHORT = Duration.ofMillis(1);

    @Test
    void the_action_runs_again_after_a_failure() throws Exception {
        CountDownLatch runs = new CountDownLatch(3);
        try (RecurringTask task =
                new RecurringTask(
                        "failing",
                        SHORT,
                        () -> {
                            runs.countDown();
                            throw new IllegalStateException("fails by intent");
                        })) {
            assertThat(runs.await(180, TimeUnit.SECONDS)).as("three runs of " + task).isTrue();
        }
    }

    @Test
    void closing_interrupts_a_run_under_way() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        AtomicReference<Boolean> interrupted = new AtomicReference<>(false);
        RecurringTask task =
                new RecurringTask(
                        "blocking",
                        SHORT,
                        () -> {
                            begun.countDown();
                            try {
                                new CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                                interrupted.set(true);
                                Thread.currentThread().interrupt();
                            }
                            ended.countDown();
                        });
        assertThat(begun.await(180, TimeUnit.SECONDS)).isTrue();
        task.close();
        assertThat(ended.await(180, TimeUnit.SECONDS)).isTrue();
        assertThat(interrupted).hasValue(true);
    }
}
