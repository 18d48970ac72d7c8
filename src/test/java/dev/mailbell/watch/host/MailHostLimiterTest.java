package dev.mailbell.watch.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.fairness.KnownClients;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.NoRoomException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** On a clock that only the test moves. */
class MailHostLimiterTest {
    private static final UUID CLIENT = new UUID(0, 1);
    private static final UUID OTHER = new UUID(0, 2);

    /** Later than any test of this class ends. */
    private static final Deadline LATE = Deadline.after(Duration.ofHours(1));

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final AtomicLong now = new AtomicLong();

    private MailHostLimiter limiter(int connections, int loginsPerSecond) {
        HostLimits limits = new HostLimits(() -> connections, () -> loginsPerSecond, now.get());
        return new MailHostLimiter("imap.example.org", limits, new KnownClients(), now::get);
    }

    private final List<ConnectionPermit> granted = Collections.synchronizedList(new ArrayList<>());

    private ConnectionRequest request() {
        return new ConnectionRequest(CLIENT, granted::add);
    }

    @Test
    void a_request_waits_while_all_connections_are_open_and_gets_the_next_that_is_closed() {
        MailHostLimiter host = limiter(1, 1_000_000);
        ConnectionPermit first = host.acquire(CLIENT, LATE);
        host.submit(request());
        assertThat(host.status().waiting()).isEqualTo(1);
        assertThat(granted).isEmpty();
        now.addAndGet(SECOND);
        first.release();
        first.release();
        await().until(() -> granted.size() == 1);
        assertThat(host.status().connections()).isEqualTo(1);
        granted.getFirst().release();
        assertThat(host.status().connections()).isZero();
    }

    @Test
    void logins_are_granted_no_faster_than_their_rate() {
        MailHostLimiter host = limiter(1_000, 10);
        for (int i = 0; i < 5; i++) {
            host.submit(request());
        }
        // The rate begins at a tenth: one a second, the first at once.
        for (int second = 0; second < 5; second++) {
            int expected = second + 1;
            await().until(() -> granted.size() == expected);
            assertThat(host.status().waiting()).isEqualTo(4 - second);
            now.addAndGet(SECOND);
        }
    }

    @Test
    void a_request_at_its_deadline_leaves_the_queue_and_takes_no_connection() {
        MailHostLimiter host = limiter(1, 1_000_000);
        ConnectionPermit first = host.acquire(CLIENT, LATE);
        assertThatExceptionOfType(NoRoomException.class)
                .isThrownBy(() -> host.acquire(CLIENT, Deadline.after(Duration.ZERO)));
        first.release();
        now.addAndGet(SECOND);
        host.acquire(CLIENT, LATE).release();
        assertThat(host.status().connections()).isZero();
    }

    @Test
    void a_cancelled_request_is_passed_over() {
        MailHostLimiter host = limiter(1, 1_000_000);
        ConnectionPermit first = host.acquire(CLIENT, LATE);
        ConnectionRequest cancelled = request();
        host.submit(cancelled);
        host.submit(request());
        cancelled.cancel();
        now.addAndGet(SECOND);
        first.release();
        await().until(() -> granted.size() == 1);
        await().until(() -> host.status().waiting() == 0);
        assertThat(host.status().connections()).isEqualTo(1);
    }

    @Test
    void a_resting_session_is_dismissed_when_another_account_waits_and_none_is_free() {
        MailHostLimiter host = limiter(1, 1_000_000);
        ConnectionPermit kept = host.acquire(CLIENT, LATE);
        AtomicInteger dismissed = new AtomicInteger();
        RestingSession roused = () -> dismissed.addAndGet(100);
        host.rest(CLIENT, roused);
        host.rouse(roused);
        host.rest(
                CLIENT,
                () -> {
                    dismissed.incrementAndGet();
                    kept.release();
                });
        now.addAndGet(SECOND);
        host.submit(request());
        await().until(() -> granted.size() == 1);
        assertThat(dismissed).hasValue(1);
    }

    @Test
    void some_connections_are_left_for_accounts_that_are_polled() {
        MailHostLimiter host = limiter(10, 1_000_000);
        List<ConnectionPermit> permits = new ArrayList<>();
        int pushing = 0;
        for (int i = 0; i < 10; i++) {
            ConnectionPermit permit = host.acquire(CLIENT, LATE);
            permits.add(permit);
            now.addAndGet(SECOND);
            pushing += permit.mayPush() ? 1 : 0;
        }
        assertThat(pushing).isEqualTo(9);
        assertThat(host.status().pushing()).isEqualTo(9);
        permits.forEach(ConnectionPermit::release);
        long idleFor = host.status().idleFor();
        assertThat(host.status())
                .isEqualTo(
                        new HostStatus("imap.example.org", 0, 0, 0, idleFor, 10, 10, 0, null, 0));
    }

    @Test
    void the_status_has_the_latest_failure_until_the_host_works_again() {
        MailHostLimiter host = limiter(10, 1_000_000);
        host.failed(CLIENT, FailureCode.TIMEOUT);
        host.failed(CLIENT, FailureCode.CONNECT_FAILED);
        now.addAndGet(SECOND);
        assertThat(host.status().failuresInRow()).isEqualTo(2);
        assertThat(host.status().lastFailure()).isEqualTo(FailureCode.CONNECT_FAILED);
        assertThat(host.status().failedFor()).isEqualTo(SECOND);
        host.worked(CLIENT);
        assertThat(host.status().failuresInRow()).isZero();
        assertThat(host.status().lastFailure()).isEqualTo(FailureCode.CONNECT_FAILED);
    }

    @Test
    void a_refusal_of_push_is_reported_once() {
        MailHostLimiter host = limiter(10, 10);
        assertThat(host.firstToRefusePush()).isTrue();
        assertThat(host.firstToRefusePush()).isFalse();
    }

    @Test
    void a_client_with_ten_thousand_waiting_logins_does_not_delay_anothers() {
        MailHostLimiter host = limiter(1, 1_000_000);
        ConnectionPermit first = host.acquire(CLIENT, LATE);
        for (int i = 0; i < 10_000; i++) {
            host.submit(request());
        }
        List<ConnectionPermit> others = Collections.synchronizedList(new ArrayList<>());
        host.submit(new ConnectionRequest(OTHER, others::add));
        now.addAndGet(SECOND);
        first.release();
        await().until(() -> granted.size() + others.size() == 1);
        now.addAndGet(SECOND);
        granted.forEach(ConnectionPermit::release);
        await().until(() -> others.size() == 1);
        assertThat(granted).hasSizeLessThanOrEqualTo(1);
        assertThat(host.status().waiting()).isGreaterThanOrEqualTo(9_999);
    }

    @Test
    void a_client_that_holds_its_share_of_the_connections_leaves_some_to_another() {
        MailHostLimiter host = limiter(16, 1_000_000);
        host.acquire(OTHER, LATE).release();
        List<ConnectionPermit> held = new ArrayList<>();
        for (int i = 0; i < 14; i++) {
            now.addAndGet(SECOND);
            held.add(host.acquire(CLIENT, LATE));
        }
        now.addAndGet(SECOND);
        host.submit(request());
        host.acquire(OTHER, LATE).release();
        assertThat(granted).isEmpty();
        now.addAndGet(SECOND);
        held.getFirst().release();
        await().until(() -> granted.size() == 1);
    }

    @Test
    void a_client_at_its_share_of_the_connections_has_its_own_resting_sessions_dismissed() {
        MailHostLimiter host = limiter(16, 1_000_000);
        List<UUID> dismissed = Collections.synchronizedList(new ArrayList<>());
        rest(host, OTHER, dismissed);
        for (int i = 0; i < 13; i++) {
            rest(host, CLIENT, dismissed);
        }
        now.addAndGet(SECOND);
        host.submit(request());
        await().until(() -> granted.size() == 1);
        assertThat(dismissed).containsExactly(CLIENT);
        assertThat(host.status().connections()).isEqualTo(14);
    }

    private void rest(MailHostLimiter host, UUID client, List<UUID> dismissed) {
        now.addAndGet(SECOND);
        ConnectionPermit permit = host.acquire(client, LATE);
        host.rest(
                client,
                () -> {
                    dismissed.add(client);
                    permit.release();
                });
    }

    @Test
    void a_client_that_alone_held_all_places_for_push_gives_some_to_a_later_one() {
        MailHostLimiter host = limiter(20, 1_000_000);
        List<ConnectionPermit> held = new ArrayList<>();
        for (int i = 0; i < 18; i++) {
            now.addAndGet(SECOND);
            ConnectionPermit permit = host.acquire(CLIENT, LATE);
            assertThat(permit.mayPush()).isTrue();
            held.add(permit);
        }
        now.addAndGet(SECOND);
        ConnectionPermit other = host.acquire(OTHER, LATE);
        assertThat(other.mayPush()).isFalse();
        assertThat(held.stream().filter(ConnectionPermit::mayPush)).hasSize(16);
        assertThat(other.mayPush()).isTrue();
        assertThat(held.stream().filter(ConnectionPermit::mayPush)).hasSize(15);
        assertThat(other.mayPush()).isTrue();
    }

    @Test
    void the_last_sessions_that_may_be_kept_are_for_clients_with_few() {
        KeptSessionLimit kept = new KeptSessionLimit(16, new KnownClients());
        assertThat(kept.tryAcquire(OTHER)).isTrue();
        kept.release(OTHER);
        for (int i = 0; i < 14; i++) {
            assertThat(kept.tryAcquire(CLIENT)).isTrue();
        }
        assertThat(kept.tryAcquire(CLIENT)).isFalse();
        assertThat(kept.tryAcquire(OTHER)).isTrue();
        assertThat(kept.tryAcquire(OTHER)).isTrue();
        assertThat(kept.tryAcquire(OTHER)).isFalse();
    }
}
