package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class DatabaseClockTest {
    private static final Instant NOON = Instant.parse("2026-05-01T12:00:00Z");

    private long nanos = 77;
    private Instant server = NOON;

    private void pass(Duration time) {
        nanos += time.toNanos();
        server = server.plus(time);
    }

    /** An exchange whose answer was made in its middle. */
    private Instant exchange(Duration length) {
        pass(length.dividedBy(2));
        Instant read = server;
        pass(length.dividedBy(2));
        return read;
    }

    private DatabaseClock clock(Integer... exchangeMillis) throws SQLException {
        Deque<Integer> lengths = new ArrayDeque<>(List.of(exchangeMillis));
        return DatabaseClock.read(
                () -> exchange(Duration.ofMillis(lengths.removeFirst())), () -> nanos);
    }

    private void beat(DatabaseClock clock, Duration length) {
        long sent = nanos;
        clock.adjust(exchange(length), sent, nanos);
    }

    @Test
    void it_is_the_servers_time_whatever_the_host_says() throws Exception {
        DatabaseClock clock = clock(4);
        assertThat(clock.instant()).isEqualTo(server);
        pass(Duration.ofMinutes(3));
        assertThat(clock.instant()).isEqualTo(server);
    }

    @Test
    void the_shortest_exchange_counts() throws Exception {
        DatabaseClock clock = clock(900, 400, 600, 10);
        assertThat(clock.instant()).isEqualTo(server);
    }

    @Test
    void a_step_of_the_servers_clock_is_followed_at_the_next_heartbeat() throws Exception {
        DatabaseClock clock = clock(4);
        server = server.plus(Duration.ofMinutes(10));
        assertThat(clock.instant()).isNotEqualTo(server);
        beat(clock, Duration.ofMillis(3));
        assertThat(clock.instant()).isEqualTo(server);
        server = server.minus(Duration.ofMinutes(20));
        beat(clock, Duration.ofMillis(3));
        assertThat(clock.instant()).isEqualTo(server);
    }

    @Test
    void what_an_exchange_cannot_tell_changes_nothing() throws Exception {
        DatabaseClock clock = clock(4);
        server = server.plusMillis(9);
        beat(clock, Duration.ofMillis(2));
        assertThat(Duration.between(clock.instant(), server)).isEqualTo(Duration.ofMillis(9));
        server = server.plusSeconds(1);
        beat(clock, Duration.ofMillis(1500));
        assertThat(Duration.between(clock.instant(), server)).isEqualTo(Duration.ofMillis(1009));
    }

    @Test
    void a_clock_that_cannot_be_read_to_a_second_stops_the_start() {
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> clock(1200, 1300, 1100, 1500, 2000))
                .withMessageContaining("exactly to a second")
                .withMessageContaining("network to the database");
    }

    @Test
    void a_real_server_is_read() {
        try (Database database = TestDatabase.create(1)) {
            Instant before = Instant.now();
            assertThat(DatabaseClock.of(database, InstantSource.system()).instant())
                    .isCloseTo(before, within(1, ChronoUnit.MINUTES));
        }
    }
}
