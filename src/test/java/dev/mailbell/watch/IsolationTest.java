package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.database.FencedException;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.scripted.FakeImap;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.schedule.AdaptiveInterval;
import dev.mailbell.watch.schedule.CheckOutcome;
import dev.mailbell.watch.schedule.NextCheck;
import dev.mailbell.watch.schedule.ScheduleState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one mail server does to the accounts of the others, and a request to its caller. */
class IsolationTest {

    /** Of 16 permits 8 are for the schedule, and a server has 4 of those. */
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { concurrency: 16, loginsPerSecond: 1000, timeout: %s, imap: { min: 1s } }
            """;

    private final FakeImap silent = new FakeImap();
    private final FakeImap healthy = new FakeImap();
    private final CountDownLatch end = new CountDownLatch(1);

    /** With a deadline that no check reaches. */
    private WatchKit kit = new WatchKit(YAML.formatted("5m"));

    @AfterEach
    void close() throws Exception {
        end.countDown();
        kit.close();
        silent.close();
        healthy.close();
    }

    private void restart(String yaml) throws InterruptedException {
        kit.close();
        kit = new WatchKit(yaml);
    }

    /** A server that takes commands and answers none. */
    private FakeImap.Behavior silence(AtomicInteger asked) {
        return new FakeImap.Behavior() {
            @Override
            public boolean refusesIdle() {
                return true;
            }

            @Override
            public boolean goesOn(String user, String moment) {
                if (moment.startsWith("command")) {
                    asked.incrementAndGet();
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
                return true;
            }
        };
    }

    private List<Account> polled(int number) {
        silent.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean refusesIdle() {
                        return true;
                    }
                });
        List<Account> accounts = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            accounts.add(kit.register(silent.port(), "user" + i));
        }
        await().until(() ->
                accounts.stream().allMatch(account -> kit.mode(account).equals("poll")));
        kit.awaitRest(accounts);
        return accounts;
    }

    @Test
    void a_server_that_falls_silent_with_kept_sessions_takes_up_its_share_and_no_more() {
        kit.start();
        Account pushed = kit.register(healthy.port(), "ann");
        await().until(() -> kit.mode(pushed).equals("idle"));
        polled(60);
        AtomicInteger asked = new AtomicInteger();
        silent.behave(silence(asked));
        kit.pass(Duration.ofMinutes(3));
        await().until(() -> asked.get() == 4);
        // None of the four has ended: the server has until its deadline.
        healthy.deliver("ann");
        await().until(() -> kit.announced(pushed) == 1);
        assertThat(kit.check(pushed)).hasSize(1);
        Account polledToo = kit.register(healthy.port(), "bob");
        await().until(() -> !kit.of(polledToo, EventType.MAILBOX_BASELINE).isEmpty());
        assertThat(asked).hasValue(4);
    }

    /** Takes 4 s: two deadlines of the silent server. */
    @Test
    void all_accounts_of_a_silent_server_are_found_failing_by_a_few_probes()
            throws InterruptedException {
        restart(YAML.formatted("2s"));
        kit.start();
        List<Account> accounts = polled(60);
        AtomicInteger asked = new AtomicInteger();
        silent.behave(silence(asked));
        kit.pass(Duration.ofMinutes(3));
        await().until(() ->
                accounts.stream()
                        .allMatch(account ->
                                kit.accounts.find(account.id()).orElseThrow().state()
                                        == AccountState.RETRYING));
        // 60 checks of 2 s each by four permits would take half a minute.
        assertThat(asked.get()).isLessThan(60);
    }

    /** Takes 2 s: the request's deadline. */
    @Test
    void a_request_is_answered_by_its_deadline_though_the_database_hangs_and_nothing_is_lost()
            throws InterruptedException {
        restart(YAML.formatted("2s"));
        kit.start();
        Account account = kit.register(healthy.port(), "ann");
        await().until(() -> kit.mode(account).equals("idle"));
        healthy.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean isSilent() {
                        return true;
                    }
                });
        healthy.deliver("ann");
        try (Handle other = kit.database.jdbi().open()) {
            other.begin();
            other.execute("select * from mailbox for update");
            assertThatThrownBy(() -> kit.check(account)).isInstanceOf(NoRoomException.class);
            other.rollback();
        }
        // The check before may still hold the account's lock.
        await().ignoreExceptionsInstanceOf(NoRoomException.class)
                .untilAsserted(() -> {
                    kit.check(account);
                    assertThat(kit.announced(account)).isEqualTo(1);
                });
    }

    @Test
    void a_request_does_not_wait_for_an_account_whose_lock_is_held_longer_than_its_deadline()
            throws InterruptedException {
        restart(YAML.formatted("1s"));
        kit.start();
        Account account = kit.register(healthy.port(), "ann");
        await().until(() -> kit.mode(account).equals("idle"));
        CountDownLatch asked = new CountDownLatch(1);
        try (Handle other = kit.database.jdbi().open()) {
            other.begin();
            other.execute("select * from mailbox for update");
            healthy.behave(
                    new FakeImap.Behavior() {
                        @Override
                        public boolean goesOn(String user, String moment) {
                            if (moment.equals("answered UID")) {
                                asked.countDown();
                            }
                            return true;
                        }
                    });
            // The pushed check holds the lock until the database answers.
            healthy.deliver("ann");
            asked.await();
            assertThatThrownBy(() -> kit.check(account)).isInstanceOf(NoRoomException.class);
            other.rollback();
        }
        await().until(() -> kit.announced(account) == 1);
    }

    @Test
    void a_daemon_without_the_lease_tries_no_login_and_makes_no_check() {
        kit.start();
        Account account = kit.register(healthy.port(), "ann");
        await().until(() -> kit.mode(account).equals("idle"));
        int logins = healthy.logins().size();
        kit.held.set(false);
        assertThatExceptionOfType(FencedException.class)
                .isThrownBy(() -> kit.verify(account, new LoginSecret.Password("pw")));
        assertThatExceptionOfType(FencedException.class).isThrownBy(() -> kit.check(account));
        assertThat(healthy.logins()).hasSize(logins);
        kit.held.set(true);
        assertThat(kit.check(account)).hasSize(1);
    }

    @Test
    void a_check_that_cannot_be_recorded_because_of_our_own_fault_is_made_again_later_each_time() {
        AdaptiveInterval adaptive = new AdaptiveInterval(() -> 0);
        List<Duration> waits = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            waits.add(afterNotRecorded(adaptive));
        }
        assertThat(waits).startsWith(Duration.ofSeconds(5), Duration.ofSeconds(10)).isSorted();
        assertThat(waits).endsWith(Duration.ofMinutes(15), Duration.ofMinutes(15));
        adaptive.recorded();
        assertThat(afterNotRecorded(adaptive)).isEqualTo(Duration.ofSeconds(5));
    }

    private static Duration afterNotRecorded(AdaptiveInterval adaptive) {
        adaptive.notRecorded();
        Account account = TestAccount.of(AccountState.WATCHING, Map.of(), Instant.EPOCH);
        ScheduleState state = ScheduleState.of(account, TestPolicy.of(""), adaptive, null);
        return NextCheck.after(CheckOutcome.Signal.NOT_RECORDED, state, new Random(7))
                .orElseThrow();
    }
}
