package dev.mailbell.watch.account;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.AccountState;
import dev.mailbell.client.ClientStore;
import dev.mailbell.fairness.KnownClients;
import dev.mailbell.watch.TestAccount;
import dev.mailbell.watch.admission.AdmissionRequest;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckPermit;
import dev.mailbell.watch.history.CheckHistory;
import dev.mailbell.watch.history.HistoryBudget;
import dev.mailbell.watch.host.ConnectionPermit;
import dev.mailbell.watch.host.ConnectionRequest;
import dev.mailbell.watch.host.HostLimits;
import dev.mailbell.watch.host.MailHostLimiter;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class DueChecksTest {
    private static final UUID CLIENT = ClientStore.DEFAULT;
    private final AtomicLong now = new AtomicLong();
    private final TimerQueue<WatchedAccount> timers = new TimerQueue<>(now::get);
    private final DueChecks due = new DueChecks(timers, now::get);
    private final WatchedAccount watched =
            new WatchedAccount(
                    TestAccount.of(AccountState.WATCHING, Map.of(), Instant.EPOCH),
                    false,
                    new ReentrantLock(true),
                    now::get,
                    new CheckHistory(new HistoryBudget(1)));

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private Duration oldest() {
        return Duration.ofNanos(due.oldest());
    }

    private Duration stuck() {
        return Duration.ofNanos(due.stuck());
    }

    /** Taken from the queue late, as by a scheduler that was delayed. */
    private void taken() throws InterruptedException {
        timers.schedule(watched.timer(), Duration.ofSeconds(60).toNanos());
        pass(Duration.ofSeconds(90));
        due.due(timers.take());
    }

    private void postpone(long since, Duration wait) {
        timers.schedule(watched.timer(), wait.toNanos());
        due.postponed(watched, since);
    }

    @Test
    void a_check_whose_timer_is_still_set_is_late_from_its_time_on() {
        timers.schedule(watched.timer(), Duration.ofSeconds(60).toNanos());
        pass(Duration.ofSeconds(50));
        assertThat(oldest()).isZero();
        pass(Duration.ofMinutes(20));
        assertThat(oldest()).isEqualTo(Duration.ofSeconds(20 * 60 - 10));
        timers.schedule(watched.timer(), Duration.ofSeconds(60).toNanos());
        assertThat(oldest()).isZero();
    }

    @Test
    void a_check_is_due_until_it_has_ended_wherever_it_waits_and_however_long_it_takes()
            throws InterruptedException {
        taken();
        assertThat(oldest()).isEqualTo(Duration.ofSeconds(30));
        pass(Duration.ofMinutes(11));
        assertThat(stuck()).isEqualTo(Duration.ofSeconds(11 * 60 + 30));
        watched.due().begin(now.get());
        pass(Duration.ofMinutes(1));
        assertThat(stuck()).isEqualTo(Duration.ofSeconds(12 * 60 + 30));
        due.ended(watched);
        assertThat(oldest()).isZero();
    }

    @Test
    void a_check_that_waits_for_a_permit_is_seen() throws InterruptedException {
        taken();
        CheckAdmission admission = new CheckAdmission(16, new KnownClients(), now::get);
        AdmissionRequest.Answer answer =
                new AdmissionRequest.Answer() {
                    @Override
                    public void granted(CheckPermit permit) {}

                    @Override
                    public void refused(RuntimeException why) {}
                };
        watched.due()
                .waitFor(admission.request(CheckKind.SCHEDULED, watched.server(), false, answer));
        pass(Duration.ofMinutes(20));
        assertThat(stuck()).isEqualTo(Duration.ofSeconds(20 * 60 + 30));
    }

    @Test
    void a_mail_hosts_line_that_moves_is_slow_by_intent_and_one_that_does_not_is_stuck()
            throws InterruptedException {
        taken();
        HostLimits limits = new HostLimits(() -> 1, () -> 1, now.get());
        MailHostLimiter host =
                new MailHostLimiter("imap.example.org", limits, new KnownClients(), now::get);
        ConnectionPermit taken =
                host.acquire(CLIENT, dev.mailbell.network.Deadline.after(Duration.ofSeconds(60)));
        host.submit(
                watched.due().waitFor(new ConnectionRequest(CLIENT, ConnectionPermit::release)));
        pass(Duration.ofMinutes(12));
        assertThat(oldest()).isGreaterThan(Duration.ofMinutes(12));
        assertThat(stuck()).isEqualTo(Duration.ofMinutes(12));
        taken.release();
    }

    @Test
    void a_check_that_is_postponed_because_the_database_is_away_stays_due_since_its_time()
            throws InterruptedException {
        taken();
        for (int tries = 0; tries < 400; tries++) {
            postpone(timers.dueAt(watched.timer()), Duration.ofSeconds(2));
            pass(Duration.ofSeconds(1));
            assertThat(oldest()).isEqualTo(Duration.ofSeconds(31 + 2 * tries));
            pass(Duration.ofSeconds(1));
            assertThat(timers.take()).isSameAs(watched);
            assertThat(stuck()).isEqualTo(Duration.ofSeconds(32 + 2 * tries));
        }
        assertThat(watched.due().begin(now.get())).isEqualTo(Duration.ofSeconds(60).toNanos());
        due.ended(watched);
        assertThat(oldest()).isZero();
    }

    @Test
    void a_check_that_was_made_and_not_recorded_is_still_due_since_its_time()
            throws InterruptedException {
        taken();
        long since = watched.due().begin(now.get());
        pass(Duration.ofSeconds(10));
        due.ended(watched);
        postpone(since, Duration.ofSeconds(5));
        pass(Duration.ofSeconds(4));
        assertThat(oldest()).isEqualTo(Duration.ofSeconds(44));
        // The operator reloads the configuration: the account has another time.
        timers.schedule(watched.timer(), Duration.ofMinutes(15).toNanos());
        assertThat(oldest()).isZero();
    }

    @Test
    void an_account_that_has_a_time_again_is_not_overdue() throws InterruptedException {
        taken();
        timers.schedule(watched.timer(), Duration.ofMinutes(15).toNanos());
        pass(Duration.ofMinutes(12));
        assertThat(oldest()).isZero();
    }

    @Test
    void an_account_that_was_changed_while_its_check_was_due_is_forgotten()
            throws InterruptedException {
        taken();
        due.forgetOver();
        assertThat(due.size()).isEqualTo(1);
        watched.end(() -> {});
        due.forgetOver();
        assertThat(due.size()).isZero();
    }
}
