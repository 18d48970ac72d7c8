package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;

class MigrationsTest {
    @Test
    void an_empty_database_gets_the_tables_once() {
        try (Database database = Database.open(TestDatabase.empty(), 1)) {
            assertThat(database.migrate()).isPositive();
            assertThat(database.migrate()).isZero();
        }
    }

    @Test
    void a_database_newer_than_the_program_is_refused_and_not_changed() {
        try (Database database = TestDatabase.create()) {
            execute(
                    database,
                    """
                    insert into flyway_schema_history
                        (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
                        values (9999, '9999', 'from the future', 'SQL', 'V9999__x.sql', 1, 'x', 1, true)\
                    """);
            assertRefused(database, "version 9999", "newer Mailbell", "backup");
        }
    }

    @Test
    void a_database_that_others_use_is_refused() {
        try (Database database = Database.open(TestDatabase.empty(), 1)) {
            execute(database, "create table theirs (id int)");
            assertRefused(database, "not Mailbell's", "a database of its own");
        }
    }

    @Test
    void a_database_made_by_changed_migrations_is_refused() {
        try (Database database = TestDatabase.create()) {
            execute(database, "update flyway_schema_history set checksum = checksum + 1");
            assertRefused(database, "made by other migrations");
        }
    }

    private static void assertRefused(Database database, String... words) {
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(database::migrate)
                .satisfies(e -> assertThat(e.getMessage()).contains(words));
    }

    private static void execute(Database database, String sql) {
        database.jdbi().useHandle(handle -> handle.execute(sql));
    }
}
