package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.check.AccountStateWriter;
import dev.mailbell.watch.history.CheckHistory;
import dev.mailbell.watch.history.HistoryBudget;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.record.HostLog;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A database that commits an account's state and loses the answer, or does not commit it. */
class LostAnswersTest {
    private static final Database DATABASE = TestDatabase.create();

    private final AtomicBoolean loseCommit = new AtomicBoolean();
    private final AtomicBoolean loseAnswer = new AtomicBoolean();
    private final Jdbi jdbi =
            Jdbi.create(() -> losing(DATABASE.dataSource().getConnection()))
                    .installPlugin(new PostgresPlugin());
    private final AccountStore accounts = new AccountStore(DATABASE.jdbi());
    private final EventStore events = new EventStore(DATABASE.jdbi());

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    private Connection losing(Connection connection) {
        return (Connection)
                Proxy.newProxyInstance(
                        Connection.class.getClassLoader(),
                        new Class<?>[] {Connection.class},
                        (proxy, method, arguments) -> {
                            boolean commits = method.getName().equals("commit");
                            if (commits && loseCommit.getAndSet(false)) {
                                throw new SQLException("lost before the commit", "XX999");
                            }
                            try {
                                Object answer = method.invoke(connection, arguments);
                                if (commits && loseAnswer.getAndSet(false)) {
                                    throw new SQLException("lost after the commit", "XX999");
                                }
                                return answer;
                            } catch (InvocationTargetException e) {
                                throw Objects.requireNonNull(e.getCause());
                            }
                        });
    }

    private AccountStateWriter states() {
        return new AccountStateWriter(
                jdbi,
                new DatabasePermits(jdbi, 4, () -> true),
                new TestOwnership(),
                TestOutbox.of(DATABASE),
                new HostLog());
    }

    private WatchedAccount watched() {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        Account account = TestAccount.of(AccountState.CONNECTING, Map.of(), now);
        accounts.insert(account);
        return new WatchedAccount(
                account,
                false,
                new ReentrantLock(),
                System::nanoTime,
                new CheckHistory(new HistoryBudget(1)));
    }

    private static void works(AccountStateWriter states, WatchedAccount watched) {
        Instant now = Instant.now();
        states.save(watched, now, () -> watched.succeeded(now, null));
    }

    private static void isRefused(AccountStateWriter states, WatchedAccount watched) {
        Instant now = Instant.now();
        MailFailure refused = new MailFailure(FailureCode.AUTH_FAILED, "no");
        states.save(watched, now, () -> watched.failed(refused, now));
    }

    private List<EventType> announced(WatchedAccount watched) {
        return events.after(ClientStore.DEFAULT, null, null, watched.account().id(), 100).stream()
                .map(Event::type)
                .toList();
    }

    private AccountState stored(WatchedAccount watched) {
        return accounts.find(watched.account().id()).orElseThrow().state();
    }

    @Test
    void an_event_whose_commit_was_not_answered_is_not_written_again() {
        AccountStateWriter states = states();
        WatchedAccount watched = watched();
        loseAnswer.set(true);
        assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> works(states, watched));
        works(states, watched);
        works(states, watched);
        assertThat(announced(watched)).containsExactly(EventType.ACCOUNT_CONNECTED);
        assertThat(stored(watched)).isEqualTo(AccountState.WATCHING);
    }

    @Test
    void an_event_whose_commit_failed_is_written_by_the_next_check() {
        AccountStateWriter states = states();
        WatchedAccount watched = watched();
        loseCommit.set(true);
        assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> works(states, watched));
        assertThat(announced(watched)).isEmpty();
        works(states, watched);
        assertThat(announced(watched)).containsExactly(EventType.ACCOUNT_CONNECTED);
        assertThat(stored(watched)).isEqualTo(AccountState.WATCHING);
    }

    @Test
    void a_state_that_was_written_without_an_answer_and_then_left_is_corrected_in_the_table() {
        AccountStateWriter states = states();
        WatchedAccount watched = watched();
        works(states, watched);
        loseAnswer.set(true);
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() -> isRefused(states, watched));
        AccountState written = stored(watched);
        assertThat(written).isNotEqualTo(AccountState.WATCHING);
        works(states, watched);
        assertThat(stored(watched)).isEqualTo(AccountState.WATCHING);
        assertThat(announced(watched))
                .containsExactlyElementsOf(
                        written == AccountState.PARKED
                                ? List.of(
                                        EventType.ACCOUNT_CONNECTED,
                                        EventType.ACCOUNT_PARKED,
                                        EventType.ACCOUNT_RECOVERED)
                                : List.of(EventType.ACCOUNT_CONNECTED));
    }
}
