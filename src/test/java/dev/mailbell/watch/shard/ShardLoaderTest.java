package dev.mailbell.watch.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStateTable.Stored;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.Mark;
import dev.mailbell.detection.UidSet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Many accounts, unevenly spread over few shards. */
class ShardLoaderTest {
    private static final int ACCOUNTS = 9_000;
    private static final Database DATABASE = TestDatabase.create();

    private final Taken taken = new Taken();
    private final ShardLoader loader =
            new ShardLoader(
                    new AccountStateTable(DATABASE.jdbi()), new MailboxStore(DATABASE.jdbi()));

    ShardLoaderTest() {
        loader.loadInto(taken);
    }

    /**
     * Most in shard 0, which are several pages; some in the 15 next ones; every tenth is paused.
     */
    @BeforeAll
    static void fill() {
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into account (id, client_id, shard, address, protocol, host, port, security, username, auth,
                                    credential, tls_verify, mailboxes, envelopes, labels, state, state_since, created_at, updated_at)
                                select (lpad(to_hex(n), 8, '0') || '0000700080000000' || lpad(to_hex(shard), 8, '0'))::uuid,
                                    ?, shard, 'a@example.org', 'imap', 'imap.example.org', 993, 'tls', 'a', 'password', '', true,
                                    '{INBOX}', false, '{}', case n %% 10 when 0 then 'paused' else 'watching' end, now(), now(), now()
                                from (select n, case n %% 2 when 0 then 0 else n / 2 %% 16 end as shard
                                    from generate_series(1, %d) n) all_of_them\
                                """
                                        .formatted(ACCOUNTS),
                                ClientStore.DEFAULT));
    }

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    private static final class Taken implements ShardLoader.Target {
        private final Queue<UUID> accounts = new ConcurrentLinkedQueue<>();
        private final Map<UUID, Mark> marks = new ConcurrentHashMap<>();
        private final AtomicInteger pages = new AtomicInteger();
        private volatile Runnable atPage = () -> {};
        private volatile boolean ended;

        @Override
        public void clients(Set<UUID> clients) {}

        @Override
        public void pageBegins() {
            pages.incrementAndGet();
            atPage.run();
        }

        @Override
        public void read(
                Stored account, List<Mailbox> mailboxes, Duration turn, BooleanSupplier holds) {
            if (holds.getAsBoolean()) {
                accounts.add(account.account().id());
                mailboxes.forEach(it -> marks.put(it.accountId(), it.state().mark()));
            }
        }

        @Override
        public void pagesEnded() {
            ended = true;
        }
    }

    private static Set<Integer> shards(int from, int to) {
        return IntStream.range(from, to).boxed().collect(Collectors.toSet());
    }

    private void awaitRead() {
        await().until(() -> loader.waiting().isZero());
    }

    @Test
    void every_account_that_is_not_paused_is_read_once_in_few_pages() {
        loader.acquired(shards(0, 1024));
        awaitRead();
        assertThat(taken.accounts).hasSize(ACCOUNTS * 9 / 10).doesNotHaveDuplicates();
        assertThat(taken.pages).hasValueLessThan(20);
        assertThat(taken.ended).isTrue();
    }

    @Test
    void only_accounts_of_the_shards_that_were_taken_are_read() {
        loader.acquired(shards(1, 3));
        awaitRead();
        assertThat(taken.accounts)
                .isNotEmpty()
                .allMatch(id -> Set.of(1L, 2L).contains(id.getLeastSignificantBits() & 1023));
    }

    @Test
    void a_shard_that_is_released_during_the_reading_is_not_read_on() {
        taken.atPage =
                () -> {
                    if (taken.pages.get() == 2) {
                        loader.released(shards(0, 1024));
                    }
                };
        loader.acquired(shards(0, 1));
        awaitRead();
        assertThat(taken.accounts).hasSizeLessThan(2_001);
        assertThat(taken.pages).hasValueLessThanOrEqualTo(2);
        assertThat(loader.watches(0)).isFalse();
    }

    @Test
    void shards_that_are_taken_during_a_reading_are_read_after_it() {
        taken.atPage =
                () -> {
                    if (taken.pages.get() == 1) {
                        loader.acquired(shards(2, 3));
                    }
                };
        loader.acquired(shards(1, 2));
        awaitRead();
        assertThat(taken.accounts)
                .extracting(id -> id.getLeastSignificantBits() & 1023)
                .contains(1L, 2L);
    }

    @Test
    void a_reading_that_fails_is_repeated() {
        taken.atPage =
                () -> {
                    if (taken.pages.get() == 1) {
                        throw new IllegalStateException("broken on purpose");
                    }
                };
        loader.acquired(shards(1, 2));
        awaitRead();
        assertThat(taken.accounts).isNotEmpty().doesNotHaveDuplicates();
    }

    @Test
    void mailboxes_come_with_their_accounts_except_those_that_cannot_be_read() {
        UUID sound = UUID.fromString("00000009-0000-7000-8000-000000000004");
        UUID broken = UUID.fromString("00000029-0000-7000-8000-000000000004");
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into mailbox (account_id, name, total, top_uid, uid_validity, uid_next)
                                select id, 'INBOX', 3, case id when ? then 'none' else '7' end, 1, 8 from account where id in (?, ?)\
                                """,
                                broken,
                                broken,
                                sound));
        loader.acquired(shards(4, 5));
        awaitRead();
        assertThat(taken.accounts).contains(sound, broken);
        assertThat(taken.marks)
                .isEqualTo(Map.of(sound, new ImapMark(1, 8, 3, 7, UidSet.empty(), false)));
    }
}
