package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.history.CheckHistory;
import dev.mailbell.watch.history.HistoryBudget;
import dev.mailbell.watch.schedule.CheckOutcome;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StaleAccountsTest {
    private static final Duration INTERVAL = Duration.ofMinutes(2);

    private final Database database = TestDatabase.create();
    private final EventStore events = new EventStore(database.jdbi());
    private final AtomicLong now = new AtomicLong();

    /** A node with its own memory. */
    private final class TestNode {
        final TestOwnership ownership = new TestOwnership();
        final CheckSchedule schedule =
                new CheckSchedule(TestPolicy.of(""), now::get, new Random(7));
        final StaleAccounts stale;
        final List<WatchedAccount> all = new ArrayList<>();

        TestNode(Outbox outbox) {
            stale =
                    new StaleAccounts(
                            database.jdbi(),
                            ownership,
                            outbox,
                            schedule,
                            account -> INTERVAL,
                            InstantSource.system(),
                            now::get);
        }

        /** The account is read from its row, and its check is due. */
        WatchedAccount takes(Account account) throws InterruptedException {
            var stored =
                    database.jdbi()
                            .inTransaction(handle -> AccountStateTable.lock(handle, account.id()))
                            .orElseThrow();
            WatchedAccount watched =
                    new WatchedAccount(
                                    stored.account(),
                                    stored.retryingAnnounced(),
                                    new ReentrantLock(true),
                                    now::get,
                                    new CheckHistory(new HistoryBudget(1)))
                            .withStale(stored.staleAnnounced());
            all.add(watched);
            due(watched);
            return watched;
        }

        void due(WatchedAccount watched) throws InterruptedException {
            schedule.wanted(watched);
            schedule.due(schedule.take());
        }

        void checked(WatchedAccount watched) {
            schedule.began(watched);
            schedule.ended(
                    watched,
                    new CheckOutcome.Failed(new MailFailure(FailureCode.CONNECT_FAILED, "no")));
        }

        void round() {
            stale.round(all);
        }
    }

    private final TestNode a = new TestNode(TestOutbox.of(database));
    private final TestNode b = new TestNode(TestOutbox.of(database));

    @AfterEach
    void close() {
        database.close();
    }

    private Account account() {
        Account account =
                TestAccount.of(
                        AccountState.CONNECTING,
                        Map.of(),
                        Instant.now().truncatedTo(ChronoUnit.MICROS));
        new AccountStore(database.jdbi()).insert(account);
        return account;
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private int announced(UUID client) {
        return events.after(client, null, EventType.ACCOUNT_STALE, null, 1000).size();
    }

    @Test
    void an_account_whose_check_does_not_come_for_ten_intervals_is_announced_once()
            throws InterruptedException {
        WatchedAccount watched = a.takes(account());
        pass(INTERVAL.multipliedBy(10));
        a.round();
        assertThat(announced(ClientStore.DEFAULT)).isZero();
        pass(Duration.ofSeconds(1));
        a.round();
        pass(INTERVAL.multipliedBy(100));
        a.round();
        assertThat(announced(ClientStore.DEFAULT)).isOne();
        assertThat(announced(ClientStore.OPERATOR)).isOne();
        assertThat(events.after(ClientStore.OPERATOR, null, null, null, 10).getFirst().payload())
                .contains("\"clientId\":\"" + ClientStore.DEFAULT, "\"interval\":\"PT2M\"");
        assertThat(watched.isStaleAnnounced()).isTrue();
    }

    @Test
    void a_check_that_ends_ends_the_episode_and_the_next_one_is_announced_again()
            throws InterruptedException {
        WatchedAccount watched = a.takes(account());
        pass(INTERVAL.multipliedBy(11));
        a.round();
        pass(Duration.ofMinutes(1));
        a.checked(watched);
        a.round();
        assertThat(watched.isStaleAnnounced()).isFalse();
        a.due(watched);
        pass(INTERVAL.multipliedBy(9).plusSeconds(1));
        a.round();
        assertThat(announced(ClientStore.DEFAULT)).isEqualTo(2);
    }

    @Test
    void a_check_that_ends_without_an_answer_does_not_end_the_episode()
            throws InterruptedException {
        WatchedAccount watched = a.takes(account());
        pass(INTERVAL.multipliedBy(11));
        a.round();
        for (int i = 0; i < 3; i++) {
            pass(Duration.ofMinutes(1));
            long since = a.schedule.began(watched);
            a.schedule.endedStillDue(watched, CheckOutcome.Signal.NOT_RUN, since);
            a.round();
        }
        pass(INTERVAL);
        a.schedule.began(watched);
        watched.adaptive().notRecorded();
        a.schedule.ended(watched, CheckOutcome.Signal.NOT_RECORDED);
        a.round();
        assertThat(watched.isStaleAnnounced()).isTrue();
        pass(INTERVAL.multipliedBy(20));
        a.round();
        assertThat(announced(ClientStore.DEFAULT)).isOne();
        a.checked(watched);
        a.round();
        assertThat(watched.isStaleAnnounced()).isFalse();
    }

    @Test
    void an_episode_is_one_also_when_the_account_moves_to_another_node()
            throws InterruptedException {
        Account account = account();
        a.takes(account);
        pass(INTERVAL.multipliedBy(11));
        a.round();
        // The other node takes the shard, and cannot check the account either.
        WatchedAccount moved = b.takes(account);
        pass(INTERVAL.multipliedBy(50));
        b.round();
        b.round();
        assertThat(announced(ClientStore.DEFAULT)).isOne();
        b.checked(moved);
        b.round();
        b.due(moved);
        pass(INTERVAL.multipliedBy(10));
        b.round();
        assertThat(announced(ClientStore.DEFAULT)).isEqualTo(2);
    }

    @Test
    void a_node_that_has_lost_the_shard_announces_nothing() throws InterruptedException {
        Account account = account();
        a.takes(account);
        pass(INTERVAL.multipliedBy(11));
        database.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update shard set epoch = epoch + 1 where id = ?",
                                account.shard()));
        a.round();
        assertThat(announced(ClientStore.DEFAULT)).isZero();
        assertThat(announced(ClientStore.OPERATOR)).isZero();
    }

    @Test
    void of_many_stale_accounts_a_round_announces_a_hundred() throws InterruptedException {
        for (int i = 0; i < StaleAccounts.MOST + 5; i++) {
            a.takes(account());
        }
        pass(INTERVAL.multipliedBy(11));
        a.round();
        assertThat(announced(ClientStore.OPERATOR)).isEqualTo(StaleAccounts.MOST);
        a.round();
        assertThat(announced(ClientStore.OPERATOR)).isEqualTo(StaleAccounts.MOST + 5);
    }

    @Test
    void a_healthy_account_and_one_that_is_not_due_write_nothing() throws InterruptedException {
        WatchedAccount watched = a.takes(account());
        a.checked(watched);
        pass(INTERVAL.multipliedBy(1000));
        a.round();
        assertThat(announced(ClientStore.OPERATOR)).isZero();
        long marked =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select count(*) from account where stale_announced")
                                        .mapTo(Long.class)
                                        .one());
        assertThat(marked).isZero();
    }
}
