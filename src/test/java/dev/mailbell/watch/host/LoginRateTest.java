package dev.mailbell.watch.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.FailureCode;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The limits of {@link HostLimits}, on a clock that only the test moves. */
class LoginRateTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final AtomicInteger connections = new AtomicInteger(100);
    private long now = 5;
    private final HostLimits limits = new HostLimits(connections::get, () -> 20, now);

    /** Logins that begin in a second where an endless number of accounts waits. */
    private int loginsInASecond() {
        int logins = 0;
        for (long end = now + SECOND; now < end; now += SECOND / 1_000) {
            if (limits.untilNextLogin(now) <= 0) {
                limits.login(now);
                logins++;
            }
        }
        return logins;
    }

    @Test
    void logins_begin_at_a_tenth_of_the_rate_and_rise_with_each_success() {
        assertThat(loginsInASecond()).isEqualTo(2);
        for (int i = 0; i < 100; i++) {
            limits.worked(now);
        }
        loginsInASecond();
        assertThat(loginsInASecond()).isBetween(19, 21);
    }

    @Test
    void failures_halve_the_rate_once_a_second_at_most_and_never_below_one() {
        for (int i = 0; i < 100; i++) {
            limits.worked(now);
        }
        for (int i = 0; i < 50; i++) {
            limits.failed(FailureCode.CONNECT_FAILED, 3, now);
        }
        loginsInASecond();
        assertThat(loginsInASecond()).isBetween(9, 11);
        for (int i = 0; i < 10; i++) {
            now += SECOND;
            limits.failed(FailureCode.CONNECT_FAILED, 3, now);
        }
        loginsInASecond();
        assertThat(loginsInASecond()).isEqualTo(1);
    }

    @Test
    void three_refused_connections_lower_the_cap_which_rises_again_by_the_minute() {
        for (int i = 0; i < 3; i++) {
            assertThat(limits.connections(now)).isEqualTo(100);
            limits.failed(FailureCode.TOO_MANY_CONNECTIONS, 50, now);
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
            limits.failed(FailureCode.TOO_MANY_CONNECTIONS, 50, now);
            limits.failed(FailureCode.TOO_MANY_CONNECTIONS, 50, now);
            limits.worked(now);
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
            limits.failed(FailureCode.TIMEOUT, 0, now);
        }
        now += 29 * SECOND;
        assertThat(limits.worked(now)).isFalse();
        for (int i = 0; i < 3; i++) {
            limits.failed(FailureCode.TIMEOUT, 0, now);
        }
        now += 30 * SECOND;
        assertThat(limits.worked(now)).isTrue();
        for (int i = 0; i < 3; i++) {
            limits.failed(FailureCode.TIMEOUT, 0, now);
        }
        now += 31 * SECOND;
        assertThat(limits.worked(now)).isFalse();
    }
}
