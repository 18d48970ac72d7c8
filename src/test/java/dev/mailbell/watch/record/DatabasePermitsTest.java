package dev.mailbell.watch.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.FencedException;
import dev.mailbell.database.TestDatabase;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class DatabasePermitsTest {
    private static final Database DATABASE = TestDatabase.create(3);
    private final AtomicBoolean held = new AtomicBoolean(true);
    private final DatabasePermits database = new DatabasePermits(DATABASE.jdbi(), 2, held::get);

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    @Test
    void without_the_lease_nothing_is_checked_or_recorded() {
        assertThat(database.through(() -> "read")).isEqualTo("read");
        held.set(false);
        assertThat(database.isOpen()).isFalse();
        assertThatExceptionOfType(FencedException.class)
                .isThrownBy(() -> database.through(() -> "read"))
                .matches(Database::isAway);
        held.set(true);
        assertThat(database.isOpen()).isTrue();
        assertThat(database.through(() -> "read")).isEqualTo("read");
    }

    @Test
    void checks_wait_while_the_database_refuses_to_write_and_not_only_while_it_is_silent() {
        DATABASE.jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            """
                            create function no_space() returns trigger language plpgsql as $$ begin
                                raise exception 'No space left on device' using errcode = '53100'; end $$\
                            """);
                    handle.execute(
                            """
                            create trigger no_space before insert on write_probe
                                for each statement execute function no_space()\
                            """);
                });
        assertThatExceptionOfType(JdbiException.class)
                .isThrownBy(() ->
                        database.through(() ->
                                DATABASE.jdbi()
                                        .withHandle(handle ->
                                                handle.execute(
                                                        "insert into write_probe values ('x')"))));
        assertThat(database.isOpen()).isFalse();
        DATABASE.jdbi().useHandle(handle -> handle.execute("drop function no_space() cascade"));
        await().until(database::isOpen);
    }

    @Test
    void what_waited_for_its_permit_while_the_lease_was_lost_is_not_recorded() throws Exception {
        DatabasePermits one = new DatabasePermits(DATABASE.jdbi(), 1, held::get);
        AtomicBoolean recorded = new AtomicBoolean();
        FutureTask<Void> second =
                new FutureTask<>(() -> {
                    one.through(() -> recorded.getAndSet(true));
                    return null;
                });
        Thread waiting = Thread.ofVirtual().unstarted(second);
        one.through(() -> {
            waiting.start();
            await().until(() -> waiting.getState() == Thread.State.TIMED_WAITING);
            held.set(false);
            return "recorded";
        });
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(second::get)
                .withCauseInstanceOf(FencedException.class);
        assertThat(recorded).isFalse();
    }
}
