package dev.mailbell.watch.record;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.account.RemovedAccounts;
import dev.mailbell.account.RemovedAccounts.Removal;
import dev.mailbell.client.ClientStore;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.watch.TestAccount;
import dev.mailbell.watch.TestOutbox;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ChangeRecorderTest {
    private static final Database DATABASE = TestDatabase.create();
    private final AccountStore accounts = new AccountStore(DATABASE.jdbi());
    private final MailboxStore mailboxes = new MailboxStore(DATABASE.jdbi());
    private final EventStore events = new EventStore(DATABASE.jdbi());
    private final ChangeRecorder recorder =
            new ChangeRecorder(
                    DATABASE.jdbi(),
                    new DatabasePermits(DATABASE.jdbi(), 4, () -> true),
                    TestOutbox.of(DATABASE),
                    InstantSource.system());

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    private Account account() {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        Account account = TestAccount.of(AccountState.CONNECTING, Map.of("plan", "pro"), now);
        accounts.insert(account);
        return account;
    }

    private static Change newMail(ImapState before, int count) {
        ImapMark mark = before.mark() == null ? new ImapMark(1, 1, 0, 0) : before.mark();
        ImapMark next =
                new ImapMark(
                        1,
                        mark.uidNext() + count,
                        mark.total() + count,
                        mark.uidNext() + count - 1);
        return new Change(
                Change.Kind.NEW, count, false, new ImapState(next, null, null), null, List.of());
    }

    private Optional<Mailbox> record(Account account, Mailbox before, Change change) {
        ShardFence fence = new ShardFence(account.shard(), 0);
        return recorder.record(
                account, before, change, KnownMessages::none, List.of(), "poll", fence);
    }

    @Test
    void an_account_is_read_as_it_was_written() {
        Account account = account();
        assertThat(accounts.find(account.clientId(), account.id()))
                .get()
                .usingRecursiveComparison()
                .isEqualTo(account);
    }

    @Test
    void a_change_moves_the_mark_and_leaves_one_event() {
        Account account = account();
        Mailbox before = mailboxes.find(account.id(), "INBOX").orElseThrow();
        Mailbox after =
                record(account, before, newMail((ImapState) before.state(), 2)).orElseThrow();
        assertThat(mailboxes.find(account.id(), "INBOX")).contains(after);
        assertThat(events.after(account.clientId(), null, EventType.MAIL_NEW, account.id(), 10))
                .singleElement()
                .extracting(Event::payload)
                .asString()
                .contains(
                        "\"newCount\":2",
                        "\"total\":2",
                        "\"uidValidity\":1",
                        "\"source\":\"poll\"");
    }

    @Test
    void of_two_checks_from_one_mark_only_the_first_is_recorded() throws Exception {
        Account account = account();
        Mailbox before = mailboxes.find(account.id(), "INBOX").orElseThrow();
        Callable<Optional<Mailbox>> check =
                () -> record(account, before, newMail((ImapState) before.state(), 1));
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Optional<Mailbox>>> executor =
                    threads.invokeAll(List.of(check, check, check, check));
            int recorded = 0;
            for (Future<Optional<Mailbox>> done : executor) {
                recorded += done.get().isPresent() ? 1 : 0;
            }
            assertThat(recorded).isEqualTo(1);
        }
        assertThat(events.after(account.clientId(), null, null, account.id(), 10)).hasSize(1);
        assertThat(deliveries(account)).isEqualTo(1);
    }

    private static int deliveries(Account account) {
        return DATABASE.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select count(*) from delivery where account_id = :id")
                                .bind("id", account.id())
                                .mapTo(Integer.class)
                                .one());
    }

    /** One webhook that wants everything and one that wants events of others. */
    @BeforeAll
    static void addWebhooks() {
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into webhook (id, client_id, url, events, accounts, labels, secret, state, created_at, updated_at)
                                select gen_random_uuid(), ?, 'https://127.0.0.1:1/', '{*}', accounts, '{}', '', 'disabled', now(), now()
                                from (values (null), (array[gen_random_uuid()])) w(accounts)\
                                """,
                                ClientStore.DEFAULT));
    }

    @Test
    void the_account_removed_meanwhile_leaves_no_trace() {
        Account account = account();
        Mailbox before = mailboxes.find(account.id(), "INBOX").orElseThrow();
        assertThat(new RemovedAccounts(DATABASE.jdbi()).remove(account.clientId(), account.id()))
                .isEqualTo(Removal.COMPLETE);
        assertThat(record(account, before, newMail((ImapState) before.state(), 1))).isEmpty();
        assertThat(events.after(account.clientId(), null, null, account.id(), 10)).isEmpty();
    }

    @Test
    void nothing_new_writes_nothing() {
        Account account = account();
        Mailbox before = mailboxes.find(account.id(), "INBOX").orElseThrow();
        Change nothing = new Change(Change.Kind.NOTHING, 0, false, before.state(), null, List.of());
        assertThat(record(account, before, nothing)).contains(before);
        assertThat(mailboxes.find(account.id(), "INBOX")).contains(before);
    }

    @Test
    void the_feed_does_not_pass_by_a_transaction_that_commits_late() throws Exception {
        Account account = account();
        Mailbox before = mailboxes.find(account.id(), "INBOX").orElseThrow();
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        Event late =
                new Event(
                        Ids.next(),
                        account.clientId(),
                        account.id(),
                        EventType.ACCOUNT_CONNECTED,
                        now,
                        "{\"late\":true}");
        DATABASE.jdbi()
                .useTransaction(slow -> {
                    EventStore.insert(late).update(slow.getConnection());
                    record(account, before, newMail((ImapState) before.state(), 1));
                    // The later event is committed, but the reader waits for the one that began
                    // before it.
                    assertThat(events.after(account.clientId(), null, null, account.id(), 10))
                            .isEmpty();
                });
        List<Event> read = events.after(account.clientId(), null, null, account.id(), 10);
        assertThat(read).hasSize(2);
        assertThat(read.getFirst().id()).isEqualTo(late.id());
        assertThat(events.after(account.clientId(), late.id(), null, account.id(), 10))
                .containsExactly(read.getLast());
    }

    @Test
    void pop3_knowledge_is_read_as_it_was_written() {
        long[] entries = new long[2000];
        int[] sizes = new int[2000];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = (long) i << 2 | 2;
            sizes[i] = i * 100;
        }
        KnownMessages known =
                KnownMessages.of(
                        List.of(
                                new KnownMessages.Chunk(
                                        0,
                                        java.util.Arrays.copyOf(entries, 1024),
                                        java.util.Arrays.copyOf(sizes, 1024)),
                                new KnownMessages.Chunk(
                                        1,
                                        java.util.Arrays.copyOfRange(entries, 1024, 2000),
                                        java.util.Arrays.copyOfRange(sizes, 1024, 2000))));
        Account account = account();
        DATABASE.jdbi()
                .useTransaction(handle ->
                        MailboxStore.replaceKnown(
                                handle, account.id(), "INBOX", KnownMessages.none(), known));
        assertThat(mailboxes.known(account.id(), "INBOX"))
                .usingRecursiveComparison()
                .isEqualTo(known);
    }
}
