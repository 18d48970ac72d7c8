package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DatabaseTest {
    @Test
    void a_fresh_database_has_the_tables_and_answers() {
        try (Database database = TestDatabase.create()) {
            assertThat(database.isReachable(Duration.ofSeconds(5))).isTrue();
            long accounts =
                    database.jdbi()
                            .withHandle(handle ->
                                    handle.createQuery("select count(*) from account")
                                            .mapTo(Long.class)
                                            .one());
            assertThat(accounts).isZero();
            assertThat(database.migrate()).isZero();
        }
    }
}
