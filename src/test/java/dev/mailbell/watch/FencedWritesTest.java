package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.Database;
import dev.mailbell.database.FencedException;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.detection.Position;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.event.EventStore;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.scripted.FakeImap;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.check.AccountStateWriter;
import dev.mailbell.watch.check.FencedRecorder;
import dev.mailbell.watch.history.CheckHistory;
import dev.mailbell.watch.history.HistoryBudget;
import dev.mailbell.watch.record.ChangeRecorder;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.record.HostLog;
import dev.mailbell.watch.record.LastChecked;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Another node takes the shard between a check and what it writes. */
class FencedWritesTest {
    private static final Database DATABASE = TestDatabase.create();

    private final AccountStore accounts = new AccountStore(DATABASE.jdbi());
    private final MailboxStore mailboxes = new MailboxStore(DATABASE.jdbi());
    private final EventStore events = new EventStore(DATABASE.jdbi());
    private final TestOwnership ownership = new TestOwnership();
    private final DatabasePermits database =
            new DatabasePermits(DATABASE.jdbi(), 4, ownership::isActive);

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    private final Set<Integer> used = new HashSet<>();

    /** Each of another shard. */
    private Account account() {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        Account account = TestAccount.of(AccountState.CONNECTING, Map.of(), now);
        while (!used.add(account.shard())) {
            account = TestAccount.of(AccountState.CONNECTING, Map.of(), now);
        }
        accounts.insert(account);
        return account;
    }

    /** Another node takes the shard; this one does not know it yet. */
    private static void takenByOther(Database database, Account account) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("update shard set epoch = epoch + 1 where id = :id")
                                .bind("id", account.shard())
                                .execute());
    }

    private static long epoch(Account account) {
        return DATABASE.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select epoch from shard where id = :id")
                                .bind("id", account.shard())
                                .mapTo(Long.class)
                                .one());
    }

    /** What checks of a mailbox write. */
    enum Kind {
        /** In one statement. */
        NEW_MAIL,
        /** In a transaction with the messages of a maildrop. */
        KNOWN_MESSAGES,
        /** Without an event. */
        POSITION
    }

    private static Change change(Kind kind) {
        KnownMessages known =
                KnownMessages.of(
                        List.of(new KnownMessages.Chunk(0, new long[] {6}, new int[] {100})));
        return switch (kind) {
            case NEW_MAIL -> change(Change.Kind.NEW, 1, imap(null), null);
            case KNOWN_MESSAGES ->
                    change(
                            Change.Kind.NEW,
                            1,
                            new Pop3State(new Pop3Mark(1, 100, "a", "a", false), null, null),
                            known);
            case POSITION -> change(Change.Kind.MOVED, 0, imap(new Position(1, "1", 1L)), null);
        };
    }

    private static MailboxState imap(@Nullable Position position) {
        return new ImapState(new ImapMark(1, 2, 1, 1), position, position == null ? null : 0);
    }

    private static Change change(
            Change.Kind kind, int count, MailboxState next, @Nullable KnownMessages known) {
        return new Change(kind, count, false, next, known, List.of());
    }

    @ParameterizedTest
    @EnumSource
    void what_a_check_found_in_a_mailbox_is_not_written(Kind kind) {
        ChangeRecorder recorder =
                new ChangeRecorder(
                        DATABASE.jdbi(), database, TestOutbox.of(DATABASE), InstantSource.system());
        Account account = account();
        Mailbox before = mailboxes.find(account.id(), "INBOX").orElseThrow();
        ShardFence fence = new ShardFence(account.shard(), epoch(account));
        takenByOther(DATABASE, account);
        assertThatExceptionOfType(FencedException.class)
                .isThrownBy(() ->
                        recorder.record(
                                account,
                                before,
                                change(kind),
                                KnownMessages::none,
                                List.of(),
                                "poll",
                                fence));
        assertThat(mailboxes.find(account.id(), "INBOX")).contains(before);
        assertThat(mailboxes.known(account.id(), "INBOX").chunks()).isEmpty();
        assertThat(events.after(ClientStore.DEFAULT, null, null, account.id(), 10)).isEmpty();
        assertThat(database.isOpen()).as("checks of other shards go on").isTrue();
        // The same is written by the node that has taken it.
        assertThat(
                        recorder.record(
                                account,
                                before,
                                change(kind),
                                KnownMessages::none,
                                List.of(),
                                "poll",
                                new ShardFence(account.shard(), epoch(account))))
                .isPresent();
    }

    @Test
    void the_state_of_an_account_is_not_written_and_not_announced() {
        AccountStateWriter states =
                new AccountStateWriter(
                        DATABASE.jdbi(),
                        database,
                        ownership,
                        TestOutbox.of(DATABASE),
                        new HostLog());
        Account account = account();
        ownership.acquire(account.shard(), epoch(account));
        WatchedAccount watched =
                new WatchedAccount(
                        account,
                        false,
                        new ReentrantLock(),
                        System::nanoTime,
                        new CheckHistory(new HistoryBudget(1)));
        takenByOther(DATABASE, account);
        Instant now = Instant.now();
        MailFailure refused = new MailFailure(FailureCode.AUTH_FAILED, "no");
        assertThatExceptionOfType(FencedException.class)
                .isThrownBy(() -> states.save(watched, now, () -> watched.failed(refused, now)));
        assertThat(accounts.find(account.id()).orElseThrow().state())
                .isEqualTo(AccountState.CONNECTING);
        assertThat(events.after(ClientStore.DEFAULT, null, null, account.id(), 10)).isEmpty();
        // Taken back by this node: what was cut off is of the time before.
        watched.cut();
        ownership.acquire(account.shard(), epoch(account));
        states.save(watched, now, () -> watched.failed(refused, now));
        assertThat(accounts.find(account.id()).orElseThrow().state())
                .isEqualTo(AccountState.CONNECTING);
        assertThatExceptionOfType(NotWatchedException.class)
                .isThrownBy(() -> FencedRecorder.fence(watched, ownership));
    }

    @Test
    void what_a_check_with_old_settings_found_is_not_the_state_of_the_changed_account() {
        AccountStateWriter states =
                new AccountStateWriter(
                        DATABASE.jdbi(),
                        database,
                        ownership,
                        TestOutbox.of(DATABASE),
                        new HostLog());
        Account account = account();
        ownership.acquire(account.shard(), epoch(account));
        WatchedAccount watched =
                new WatchedAccount(
                        account,
                        false,
                        new ReentrantLock(),
                        System::nanoTime,
                        new CheckHistory(new HistoryBudget(1)));
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update account set updated_at = updated_at + interval '1 s' where id = ?",
                                account.id()));
        Instant now = Instant.now();
        MailFailure refused = new MailFailure(FailureCode.AUTH_FAILED, "no");
        states.save(watched, now, () -> watched.failed(refused, now));
        assertThat(accounts.find(account.id()).orElseThrow().state())
                .isEqualTo(AccountState.CONNECTING);
        assertThat(events.after(ClientStore.DEFAULT, null, null, account.id(), 10)).isEmpty();
    }

    @Test
    void when_an_account_was_last_checked_is_written_by_the_owner_of_its_shard_alone() {
        LastChecked lastChecked =
                new LastChecked(new AccountStateTable(DATABASE.jdbi()), ownership);
        Account own = account();
        Account lost = account();
        Account released = account();
        Instant at = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        for (Account account : List.of(own, lost, released)) {
            ownership.acquire(account.shard(), epoch(account));
            lastChecked.note(account.id(), at);
        }
        takenByOther(DATABASE, lost);
        lastChecked.flush(Set.of(released.shard()));
        ownership.lose(released.shard());
        assertThat(lastCheckedAt(released)).isEqualTo(at);
        assertThat(lastCheckedAt(own)).isNull();
        lastChecked.flush();
        assertThat(lastCheckedAt(own)).isEqualTo(at);
        assertThat(lastCheckedAt(lost)).isNull();
    }

    private @Nullable Instant lastCheckedAt(Account account) {
        return accounts.find(account.id()).orElseThrow().lastCheckedAt();
    }

    @Test
    void a_node_that_does_not_know_of_its_loss_announces_nothing_and_notes_no_failure()
            throws Exception {
        try (FakeImap server = new FakeImap();
                WatchKit kit =
                        new WatchKit(
                                """
                                network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
                                """)) {
            kit.start();
            Account account = kit.register(server.port(), "ann");
            Account other = kit.register(server.port(), "bob");
            while (other.shard() == account.shard()) {
                other = kit.register(server.port(), "bob-again");
            }
            Account bob = other;
            await().until(() -> kit.mode(account).equals("idle"));
            await().until(() -> kit.mode(bob).equals("idle"));
            takenByOther(kit.database, account);
            server.deliver("ann");
            await().until(() -> server.goodbyes() >= 1);
            assertThat(kit.announced(account)).isZero();
            Account stored = kit.accounts.find(account.id()).orElseThrow();
            assertThat(stored.state()).isEqualTo(AccountState.WATCHING);
            assertThat(stored.failure()).isNull();
            // Checks of the other shards do not wait.
            server.deliver(bob.mail().username());
            await().until(() -> kit.announced(bob) == 1);
        }
    }
}
