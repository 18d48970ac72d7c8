package dev.mailbell.watch.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.FailureCode;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The limits of {@link HostLimits}, on a clock that only the test moves. */
class LoginRateTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final UUID CLIENT = new UUID(0, 1);
    private static final UUID OTHER = new UUID(0, 2);

    private final AtomicInteger connections = new AtomicInteger(100);
    private long now = 5;
    private final HostLimits limits = new HostLimits(connections::get, () -> 20, now);

    /** Logins that begin in a second where an endless number of accounts waits. */
    private int loginsInASecond() {
        return loginsInASecond(CLIENT);
    }

    private int loginsInASecond(UUID client) {
        int logins = 0;
        for (long end = now + SECOND; now < end; now += SECOND / 1_000) {
            if (limits.untilNextLogin(client, now) <= 0) {
                limits.login(client, now);
                logins++;
            }
        }
        return logins;
    }

    @Test
    void logins_begin_at_a_tenth_of_the_rate_and_rise_with_each_success() {
        assertThat(loginsInASecond()).isEqualTo(2);
        for (int i = 0; i < 100; i++) {
            limits.worked(CLIENT, now);
        }
        loginsInASecond();
        assertThat(loginsInASecond()).isBetween(19, 21);
    }

    @Test
    void failures_halve_the_rate_once_a_second_at_most_and_never_below_one() {
        for (int i = 0; i < 100; i++) {
            limits.worked(CLIENT, now);
        }
        for (int i = 0; i < 50; i++) {
            limits.failed(CLIENT, FailureCode.CONNECT_FAILED, 3, now);
        }
        loginsInASecond();
        assertThat(loginsInASecond()).isBetween(9, 11);
        for (int i = 0; i < 10; i++) {
            now += SECOND;
            limits.failed(CLIENT, FailureCode.CONNECT_FAILED, 3, now);
        }
        loginsInASecond();
        assertThat(loginsInASecond()).isEqualTo(1);
    }

    @Test
    void three_refused_connections_lower_the_cap_which_rises_again_by_the_minute() {
        for (int i = 0; i < 3; i++) {
            assertThat(limits.connections(now)).isEqualTo(100);
            limits.failed(CLIENT, FailureCode.TOO_MANY_CONNECTIONS, 50, now);
        }
        assertThat(limits.connections(now)).isEqualTo(50);
        now += 60 * SECOND + 1;
        assertThat(limits.connections(now)).isEqualTo(55);
        for (int minute = 0; minute < 10; minute++) {
            now += 60 * SECOND + 1;
            limits.connections(now);
        }
        assertThat(limits.connections(now)).isEqualTo(100);
    }

    @Test
    void a_success_between_the_refusals_keeps_the_cap() {
        for (int i = 0; i < 9; i++) {
            limits.failed(CLIENT, FailureCode.TOO_MANY_CONNECTIONS, 50, now);
            limits.failed(CLIENT, FailureCode.TOO_MANY_CONNECTIONS, 50, now);
            limits.worked(CLIENT, now);
        }
        assertThat(limits.connections(now)).isEqualTo(100);
    }

    @Test
    void a_configured_limit_holds_at_once() {
        connections.set(7);
        assertThat(limits.connections(now)).isEqualTo(7);
    }

    @Test
    void a_host_is_back_after_three_failures_over_half_a_minute_once_a_minute() {
        for (int i = 0; i < 3; i++) {
            limits.failed(CLIENT, FailureCode.TIMEOUT, 0, now);
        }
        now += 29 * SECOND;
        assertThat(limits.worked(CLIENT, now)).isFalse();
        for (int i = 0; i < 3; i++) {
            limits.failed(CLIENT, FailureCode.TIMEOUT, 0, now);
        }
        now += 30 * SECOND;
        assertThat(limits.worked(CLIENT, now)).isTrue();
        for (int i = 0; i < 3; i++) {
            limits.failed(CLIENT, FailureCode.TIMEOUT, 0, now);
        }
        now += 31 * SECOND;
        assertThat(limits.worked(CLIENT, now)).isFalse();
    }

    @Test
    void failures_of_a_client_do_not_slow_the_logins_of_another() {
        for (int i = 0; i < 100; i++) {
            limits.worked(OTHER, now);
        }
        for (int i = 0; i < 60; i++) {
            now += SECOND;
            limits.failed(CLIENT, FailureCode.TIMEOUT, 3, now);
        }
        loginsInASecond(OTHER);
        assertThat(loginsInASecond(OTHER)).isBetween(19, 21);
        assertThat(limits.worked(OTHER, now)).as("the host was not away for it").isFalse();
        loginsInASecond(CLIENT);
        assertThat(loginsInASecond(CLIENT)).isEqualTo(1);
    }

    @Test
    void the_logins_of_all_clients_together_are_no_more_than_the_host_gets() {
        int logins = 0;
        for (int i = 0; i < 100; i++) {
            limits.worked(OTHER, now);
            limits.worked(CLIENT, now);
        }
        for (long end = now + 2 * SECOND; now < end; now += SECOND / 1_000) {
            for (UUID client : new UUID[] {CLIENT, OTHER}) {
                if (limits.untilNextLogin(client, now) <= 0) {
                    limits.login(client, now);
                    logins++;
                }
            }
        }
        assertThat(logins).isBetween(39, 42);
    }
}
