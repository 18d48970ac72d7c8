package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.Housekeeping.Chore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HousekeepingTest {
    @Test
    void one_node_runs_the_chores_and_no_node_again_within_the_hour() {
        AtomicInteger rounds = new AtomicInteger();
        List<Chore> chores = List.of(new Chore("count", rounds::incrementAndGet));
        try (Database database = TestDatabase.create()) {
            try (var one =
                            Housekeeping.start(
                                    database.dataSource(), chores, InstantSource.system());
                    var two =
                            Housekeeping.start(
                                    database.dataSource(), chores, InstantSource.system())) {
                await().until(() -> next(database));
                assertThat(List.of(one, two)).doesNotContainNull();
            }
            try (var three =
                    Housekeeping.start(database.dataSource(), chores, InstantSource.system())) {
                assertThat(three).isNotNull();
                assertThat(next(database)).isTrue();
            }
        }
        assertThat(rounds).hasValue(1);
    }

    /** Whether the next round is an hour away. */
    private static boolean next(Database database) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select count(*) = 1 from scheduled_tasks
                                        where not picked and last_success is not null and execution_time > now() + interval '50 minutes'\
                                        """)
                                .mapTo(Boolean.class)
                                .one());
    }

    @Test
    void a_failing_chore_does_not_stop_the_others() {
        AtomicInteger done = new AtomicInteger();
        Housekeeping.runAll(
                List.of(
                        new Chore(
                                "fail",
                                () -> {
                                    throw new IllegalStateException("on purpose");
                                }),
                        new Chore("count", done::incrementAndGet)));
        assertThat(done).hasValue(1);
    }
}
