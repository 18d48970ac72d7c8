package dev.mailbell.watch.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStateTable.Stored;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.account.RemovedAccounts;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.fairness.KnownClients;
import dev.mailbell.mail.auth.TokenSource;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.network.Deadline;
import dev.mailbell.oauth.OAuthAppStore;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.secret.Keyring;
import dev.mailbell.watch.TestAccount;
import dev.mailbell.watch.TestPolicy;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.record.CredentialResolver;
import dev.mailbell.watch.record.DatabasePermits;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How accounts come under watch and leave it, whatever happens at the same time. */
class WatchedAccountsTest {
    private static final Database DATABASE = TestDatabase.create();

    @TempDir Path home;

    private final AccountStore table = new AccountStore(DATABASE.jdbi());
    private final ShardLoader shards =
            new ShardLoader(
                    new AccountStateTable(DATABASE.jdbi()), new MailboxStore(DATABASE.jdbi()));
    private WatchedAccounts watched;
    private ChangedAccounts changes;

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    private static final class NoTokens implements TokenSource {
        @Override
        public String accessToken(UUID accountId, TokenGrant grant, Deadline deadline) {
            throw new AssertionError("nothing logs in");
        }

        @Override
        public void refused(UUID accountId) {
            throw new AssertionError("nothing logs in");
        }

        @Override
        public void forget(UUID accountId) {
            throw new AssertionError("no account has a grant");
        }
    }

    private static final class Nothing implements ShardLoader.Target {
        @Override
        public void clients(Set<UUID> clients) {}

        @Override
        public void pageBegins() {}

        @Override
        public void read(
                Stored account, List<Mailbox> mailboxes, Duration turn, BooleanSupplier holds) {}

        @Override
        public void pagesEnded() {}
    }

    @BeforeEach
    void start() {
        Keyring keyring = Keyring.open(home.resolve("keyset.json"));
        shards.loadInto(new Nothing());
        watched =
                new WatchedAccounts(
                        table,
                        shards,
                        new CheckSchedule(TestPolicy.of(""), System::nanoTime, new Random(1)),
                        new CredentialResolver(
                                new LoginSecrets(keyring),
                                new OAuthApps(new OAuthAppStore(DATABASE.jdbi()), keyring),
                                new DatabasePermits(DATABASE.jdbi(), 2, () -> true),
                                new NoTokens(),
                                TestPolicy.of("")),
                        new KnownClients(),
                        InstantSource.system(),
                        System::nanoTime);
        changes = new ChangedAccounts(table, shards, watched);
    }

    /** An account of a shard of this node. */
    private Account account() {
        Account account = ofOtherNode();
        shards.acquired(Set.of(account.shard()));
        return account;
    }

    private Account ofOtherNode() {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        Account account = TestAccount.of(AccountState.WATCHING, Map.of(), now);
        table.insert(account);
        return account;
    }

    private Stored row(Account account) {
        return table.findInUse(account.id()).orElseThrow();
    }

    /** Its client changes it. */
    private Account change(Account account) {
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                update account set labels = '{"plan": "pro"}',
                                    updated_at = updated_at + interval '1 ms' where id = ?\
                                """,
                                account.id()));
        return row(account).account();
    }

    private WatchedAccount of(Account account) {
        return watched.find(account.id()).orElseThrow();
    }

    @Test
    void a_page_that_is_older_than_a_removal_brings_nothing_back() {
        Account account = account();
        watched.pageBegins();
        Stored read = row(account);
        new RemovedAccounts(DATABASE.jdbi()).remove(account.clientId(), account.id());
        watched.forget(account.id());
        watched.read(read, List.of(), Duration.ZERO, () -> true);
        watched.pagesEnded();
        assertThat(watched.find(account.id())).isEmpty();
    }

    @Test
    void a_page_that_is_older_than_a_removal_by_another_node_brings_nothing_back() {
        Account account = account();
        watched.pageBegins();
        Stored read = row(account);
        new RemovedAccounts(DATABASE.jdbi()).remove(account.clientId(), account.id());
        changes.changed(List.of(account.id()));
        watched.read(read, List.of(), Duration.ZERO, () -> true);
        watched.pagesEnded();
        assertThat(watched.find(account.id())).isEmpty();
    }

    @Test
    void a_page_that_is_older_than_a_change_does_not_undo_it() {
        Account account = account();
        watched.pageBegins();
        Stored read = row(account);
        watched.watch(change(account));
        watched.read(read, List.of(), Duration.ZERO, () -> true);
        watched.pagesEnded();
        assertThat(of(account).account().labels()).containsEntry("plan", "pro");
    }

    @Test
    void an_account_whose_shard_is_released_while_it_is_put_in_is_taken_out_again() {
        Account account = account();
        AtomicInteger asked = new AtomicInteger();
        watched.read(row(account), List.of(), Duration.ZERO, () -> asked.incrementAndGet() == 1);
        assertThat(asked).hasValue(2);
        assertThat(watched.find(account.id())).isEmpty();
    }

    /** As the database lets a read wait, the thread that releases may be left behind. */
    @Test
    void an_account_whose_shard_is_taken_again_before_a_late_release_has_ended_is_not_forgotten()
            throws Exception {
        Account account = account();
        Set<Integer> shard = Set.of(account.shard());
        watched.watch(account);
        shards.loadInto(watched);
        shards.released(shard);
        shards.acquired(shard);
        await().until(() -> shards.waiting().isZero());
        watched.release(shard, Deadline.after(Duration.ofSeconds(30)));
        await().until(() -> watched.find(account.id()).isPresent());
    }

    @Test
    void a_login_that_was_renewed_is_kept_where_a_failover_lost_it() {
        Account account = account();
        watched.watch(account);
        WatchedAccount before = of(account);
        byte[] renewed = {4, 5, 6};
        watched.renewed(account.withCredential(renewed));
        changes.mayBeOlder(List.of(account.id()));
        assertThat(of(account)).isSameAs(before);
        assertThat(of(account).account().credential()).isEqualTo(renewed);
    }

    @Test
    void an_account_that_is_watched_as_it_is_in_the_table_keeps_its_session() {
        Account account = account();
        changes.changed(List.of(account.id()));
        WatchedAccount before = of(account);
        changes.changed(List.of(account.id(), account.id()));
        assertThat(of(account)).isSameAs(before);
        assertThat(before.hasEnded()).isFalse();
    }

    @Test
    void a_change_by_another_node_is_applied() {
        Account account = account();
        watched.watch(account);
        WatchedAccount before = of(account);
        Account changed = change(account);
        changes.changed(List.of(account.id()));
        assertThat(before.hasEnded()).isTrue();
        assertThat(of(account).account().labels()).isEqualTo(changed.labels());
        assertThat(of(account).session().lock()).isSameAs(before.session().lock());
    }

    @Test
    void a_login_that_is_renewed_in_the_table_is_used_by_the_same_session() {
        Account account = account();
        watched.watch(account);
        WatchedAccount before = of(account);
        byte[] renewed = {4, 5, 6};
        table.replaceCredential(account.id(), account.credential(), renewed);
        changes.changed(List.of(account.id()));
        assertThat(of(account)).isSameAs(before);
        assertThat(of(account).account().credential()).isEqualTo(renewed);
    }

    @Test
    void an_account_that_another_node_paused_is_not_watched_any_more() {
        Account account = account();
        watched.watch(account);
        WatchedAccount before = of(account);
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update account set state = 'paused' where id = ?", account.id()));
        changes.changed(List.of(account.id()));
        assertThat(watched.find(account.id())).isEmpty();
        assertThat(before.isVoid()).isTrue();
    }

    @Test
    void accounts_of_other_nodes_are_left_to_them() {
        Account account = account();
        Account foreign = ofOtherNode();
        while (shards.watches(foreign.shard())) {
            foreign = ofOtherNode();
        }
        watched.watch(foreign);
        changes.changed(List.of(foreign.id(), account.id()));
        watched.forget(foreign.id());
        assertThat(watched.all())
                .singleElement()
                .extracting(WatchedAccount::account)
                .extracting(Account::id)
                .isEqualTo(account.id());
    }

    @Test
    void an_account_never_has_two_sessions_however_often_it_comes_and_goes() {
        Account account = account();
        watched.watch(account);
        ReentrantLock lock = of(account).session().lock();
        lock.lock();
        try {
            // A check is under way; what follows waits for it.
            watched.watch(account);
            watched.forget(account.id());
            watched.watch(account);
            watched.forget(account.id());
            watched.watch(account);
            assertThat(of(account).session().lock()).isSameAs(lock);
        } finally {
            lock.unlock();
        }
        watched.forget(account.id());
        await().untilAsserted(() -> {
            watched.watch(account);
            ReentrantLock next = of(account).session().lock();
            // First, because an account that is still watched passes its lock on.
            watched.forget(account.id());
            assertThat(next).isNotSameAs(lock);
        });
    }

    @Test
    void the_accounts_of_released_shards_are_forgotten_and_no_others() throws Exception {
        Account released = account();
        Account kept = account();
        while (kept.shard() == released.shard()) {
            kept = account();
        }
        watched.watch(released);
        watched.watch(kept);
        WatchedAccount before = of(released);
        shards.released(Set.of(released.shard()));
        watched.release(Set.of(released.shard()), Deadline.after(Duration.ofSeconds(30)));
        assertThat(before.hasEnded()).isTrue();
        assertThat(watched.find(released.id())).isEmpty();
        assertThat(of(kept).hasEnded()).isFalse();
        watched.watch(released);
        assertThat(watched.find(released.id())).isEmpty();
    }
}
