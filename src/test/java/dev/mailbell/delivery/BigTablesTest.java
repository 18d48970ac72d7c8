package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.account.AccountSearch;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.account.RemovedAccounts;
import dev.mailbell.account.RemovedAccounts.Removal;
import dev.mailbell.cluster.ShardBits;
import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.Database;
import dev.mailbell.database.Sql;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.log.AnswerCode;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.DeliveryFilter;
import dev.mailbell.delivery.log.DeliveryLog;
import dev.mailbell.delivery.log.DeliverySearch;
import dev.mailbell.delivery.log.LoggedDelivery.Status;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outbox.DirectEventWriter;
import dev.mailbell.delivery.outbox.MergingEventWriter;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.delivery.outcome.AttemptOutcome;
import dev.mailbell.delivery.outcome.OutcomeTable;
import dev.mailbell.delivery.queue.DeliveryStore;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The rows that frequent statements read over a million events and a million deliveries of ten
 * days: no statement scans a big table, and each reads about as many rows as it answers. The test
 * runs the program's own statements and reads PostgreSQL's counters.
 */
class BigTablesTest {
    private static final int DAYS = 10;
    private static final int A_DAY = 100_000;
    private static final int ACCOUNTS = 50_000;
    private static final UUID CLIENT = UUID.fromString("00000000-0000-7000-8000-000000000000");

    /** The newest day of the rows, also when midnight passes while the test runs. */
    private static final LocalDate TODAY = LocalDate.now(ZoneOffset.UTC);

    /**
     * The driver prepares from the sixth time on; the server's plan is generic from the eleventh.
     */
    private static final int TIMES = 14;

    private static final byte[] ALL = ShardBits.of(new TestOwnership().shards());
    private static final ShardFence FENCE = new ShardFence(0, 0);

    private static Database database;
    private static Jdbi jdbi;

    @BeforeAll
    static void fill() throws Exception {
        // One connection, because a connection reports its counters only when it is asked to.
        database = TestDatabase.create(1);
        jdbi = database.jdbi();
        jdbi.useHandle(handle -> {
            // Filling takes longer than a statement of the daemon may.
            handle.execute("set statement_timeout = 0");
            handle.execute(
                    """
                    create function test_id(day date, kind int, n int) returns uuid language sql immutable
                    return (lpad(to_hex((day - date '1970-01-01')::bigint * 86400000 + n * 100), 12, '0')
                        || '7000' || '8' || lpad(to_hex(kind), 3, '0') || lpad(to_hex(n), 12, '0'))::uuid\
                    """);
            handle.createUpdate(
                            """
                            insert into account (id, client_id, shard, address, protocol, host, port, security, username, auth,
                                credential, tls_verify, mailboxes, envelopes, labels, state, state_since, created_at, updated_at)
                            select test_id(date '2026-01-01', 1, n), :client, n % 1024, 'a@example.org', 'imap', 'imap.example.org',
                                993, 'tls', 'a', 'password', '', true, '{INBOX}', false, '{}', 'watching', now(), now(), now()
                            from generate_series(1, :accounts) n\
                            """)
                    .bind("client", CLIENT)
                    .bind("accounts", ACCOUNTS)
                    .execute();
            handle.execute(
                    "insert into mailbox (account_id, name) select id, 'INBOX' from account");
            handle.createUpdate(
                            """
                            insert into webhook (id, client_id, url, events, labels, secret, state, created_at, updated_at)
                            select test_id(date '2026-01-01', 2, n), :client, 'https://example.org/', '{*}', '{}', '', 'enabled',
                                now(), now()
                            from generate_series(0, 99) n\
                            """)
                    .bind("client", CLIENT)
                    .execute();
            for (int day = DAYS - 1; day >= 0; day--) {
                fillDay(handle, day);
            }
            handle.execute("analyze");
            handle.execute("set statement_timeout = '30s'");
        });
    }

    /** Of every 100 deliveries one failed, one was merged, one is pending. */
    private static void fillDay(Handle handle, int ago) {
        for (String log : List.of("event", "delivery", "attempt")) {
            handle.select("select log_add_day(?, ?)", log, TODAY.minusDays(ago))
                    .mapTo(Boolean.class)
                    .one();
        }
        handle.createUpdate(
                        """
                        insert into event (id, client_id, account_id, type, created_at, payload)
                        select test_id(:day::date, 3, n), :client,
                            test_id(date '2026-01-01', 1, n % :accounts + 1),
                            case n % 10000 when 0 then 'account.parked' else 'mail.new' end, now() - make_interval(days => :ago),
                            '{"type":"mail.new","timestamp":"2026-11-20T23:59:07.123Z","data":{"newCount":1}}'
                        from generate_series(1, :rows) n\
                        """)
                .bind("ago", ago)
                .bind("day", TODAY.minusDays(ago))
                .bind("client", CLIENT)
                .bind("accounts", ACCOUNTS)
                .bind("rows", A_DAY)
                .execute();
        handle.createUpdate(
                        """
                        insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, next_attempt_at,
                            created_at, completed_at)
                        select test_id(:day::date, 4, n), test_id(date '2026-01-01', 2, n % 97),
                            test_id(:day::date, 3, n), test_id(date '2026-01-01', 1, n % :accounts + 1),
                            'INBOX', 0, case n % 100 when 0 then 'pending' when 1 then 'failed' when 2 then 'superseded'
                                else 'delivered' end,
                            now() - make_interval(days => :ago), now() - make_interval(days => :ago),
                            case n % 100 when 0 then null else now() - make_interval(days => :ago) end
                        from generate_series(1, :rows) n\
                        """)
                .bind("ago", ago)
                .bind("day", TODAY.minusDays(ago))
                .bind("accounts", ACCOUNTS)
                .bind("rows", A_DAY)
                .execute();
    }

    @AfterAll
    static void close() throws Exception {
        database.close();
    }

    private static UUID id(String of) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select " + of).mapTo(UUID.class).one());
    }

    private static UUID account(int n) {
        return id("test_id(date '2026-01-01', 1, " + n + ")");
    }

    private static UUID webhook(int n) {
        return id("test_id(date '2026-01-01', 2, " + n + ")");
    }

    private static UUID ofDay(int ago, int kind, int n) {
        return id("test_id(date '%s', %d, %d)".formatted(TODAY.minusDays(ago), kind, n));
    }

    private record Counts(long scans, long rows) {}

    private static Map<String, Counts> counts() {
        jdbi.useHandle(handle -> handle.execute("select pg_stat_force_next_flush()"));
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select relname, seq_scan, coalesce(idx_tup_fetch, 0) as fetched from pg_stat_user_tables
                                where n_live_tup > 5000\
                                """)
                        .reduceRows(
                                new TreeMap<String, Counts>(),
                                (map, row) -> {
                                    map.put(
                                            row.getColumn("relname", String.class),
                                            new Counts(
                                                    row.getColumn("seq_scan", Long.class),
                                                    row.getColumn("fetched", Long.class)));
                                    return map;
                                }));
    }

    /**
     * Repeats the work many times with each kind of plan. The server chooses the kind for a
     * prepared statement by its statistics.
     *
     * @param most rows of big tables that the work may fetch each time
     */
    private static void readsByEachPlan(int most, Runnable work) {
        for (String plan : List.of("auto", "force_generic_plan")) {
            jdbi.useHandle(handle -> handle.execute("set plan_cache_mode = " + plan));
            reads(most, work);
        }
        jdbi.useHandle(handle -> handle.execute("reset plan_cache_mode"));
    }

    /**
     * Repeats the work many times.
     *
     * @param most rows of big tables that the work may fetch each time
     */
    private static void reads(int most, Runnable work) {
        Map<String, Counts> before = counts();
        assertThat(before).hasSizeGreaterThanOrEqualTo(2 * DAYS + 2);
        for (int i = 0; i < TIMES; i++) {
            work.run();
        }
        long rows = 0;
        Map<String, Long> fetched = new TreeMap<>();
        for (Map.Entry<String, Counts> now : counts().entrySet()) {
            Counts then = before.getOrDefault(now.getKey(), new Counts(0, 0));
            assertThat(now.getValue().scans())
                    .as("sequential scans of %s", now.getKey())
                    .isEqualTo(then.scans());
            rows += now.getValue().rows() - then.rows();
            fetched.put(now.getKey(), now.getValue().rows() - then.rows());
        }
        assertThat(rows).as("rows fetched: %s", fetched).isLessThanOrEqualTo((long) most * TIMES);
    }

    @Test
    void a_statement_that_reads_a_table_from_end_to_end_is_seen() {
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() ->
                        reads(
                                10,
                                () ->
                                        jdbi.useHandle(handle ->
                                                handle.execute(
                                                        "select count(*) from delivery where last_error = 'x'"))))
                .withMessageContaining("sequential scans of delivery_");
    }

    @Test
    void the_compare_and_set_of_a_check_reads_its_mailbox() {
        UUID account = account(4711);
        reads(
                10,
                () -> {
                    Sql advance = advance(account);
                    int moved = jdbi.withHandle(handle -> advance.update(handle.getConnection()));
                    assertThat(moved).isOne();
                });
    }

    @Test
    void new_mail_is_written_without_reading_the_logs() {
        UUID client = Ids.next();
        jdbi.useHandle(handle -> {
            handle.execute("insert into client (id, name) values (?, 'one webhook')", client);
            handle.execute(
                    """
                    insert into webhook (id, client_id, url, events, labels, secret, state, created_at, updated_at)
                    values (?, ?, 'https://example.org/', '{*}', '{}', '', 'enabled', now(), now())\
                    """,
                    Ids.next(),
                    client);
        });
        int[] next = {4000};
        reads(
                30,
                () -> {
                    // Accounts whose number ends in 10 have no pending deliveries.
                    UUID account = account(next[0] += 100 + 10 - next[0] % 100);
                    Sql advance = advance(account);
                    assertThat(
                                    DirectEventWriter.tryWrite(
                                            database.dataSource(),
                                            advance,
                                            mail(client, account),
                                            Instant.now()))
                            .hasValueSatisfying(added -> assertThat(added).hasSize(1));
                });
        reads(
                30,
                () -> {
                    UUID account = account(next[0] += 100);
                    MergingEventWriter.Added added =
                            jdbi.inTransaction(handle ->
                                    MergingEventWriter.write(
                                            handle.getConnection(),
                                            mail(CLIENT, account),
                                            null,
                                            Instant.now()));
                    assertThat(added.deliveries()).hasSize(100);
                });
    }

    /** The compare-and-set of a check, with the stored values. */
    private static Sql advance(UUID account) {
        Mailbox mailbox = new MailboxStore(jdbi).find(account, "INBOX").orElseThrow();
        return MailboxStore.advance(
                account, "INBOX", mailbox.version(), mailbox.state(), Instant.now());
    }

    private static NewEvent mail(UUID client, UUID account) {
        Event event =
                new Event(Ids.next(), client, account, EventType.MAIL_NEW, Instant.now(), "{}");
        return new NewEvent(event, "INBOX", 0, Map.of(), 1);
    }

    @Test
    void a_page_of_the_feed_reads_a_page_wherever_it_is() {
        EventStore events = new EventStore(jdbi);
        UUID deep = ofDay(4, 3, 50_000);
        reads(210, () -> assertThat(events.after(CLIENT, deep, null, null, 100)).hasSize(100));
        reads(210, () -> assertThat(events.after(CLIENT, null, null, null, 100)).hasSize(100));
        reads(
                210,
                () ->
                        assertThat(events.after(CLIENT, deep, EventType.ACCOUNT_PARKED, null, 40))
                                .hasSize(40));
        reads(
                210,
                () ->
                        assertThat(events.after(CLIENT, deep, EventType.MAIL_NEW, null, 100))
                                .hasSize(100));
        reads(60, () -> assertThat(events.after(CLIENT, null, null, account(17), 10)).hasSize(10));
    }

    @Test
    void the_start_does_not_read_the_feed() {
        reads(100, new EventStore(jdbi)::adoptRestored);
    }

    @Test
    void an_event_is_added_without_reading() {
        reads(
                10,
                () ->
                        jdbi.useTransaction(handle ->
                                EventStore.insert(
                                                new Event(
                                                        Ids.next(),
                                                        CLIENT,
                                                        account(1),
                                                        EventType.MAIL_NEW,
                                                        Instant.now(),
                                                        "{}"))
                                        .update(handle.getConnection())));
    }

    @Test
    void a_page_of_the_log_reads_a_page_for_each_status() {
        DeliveryLog log = new DeliveryLog(jdbi, InstantSource.system());
        DeliverySearch search = new DeliverySearch(jdbi, InstantSource.system());
        UUID webhook = webhook(3);
        UUID deep = ofDay(5, 4, 1);
        DeliveryFilter all = DeliveryFilter.ALL.of(webhook);
        DeliveryFilter failed =
                new DeliveryFilter(webhook, null, Status.FAILED, null, null, null, null);
        for (UUID before : new UUID[] {null, deep}) {
            readsByEachPlan(
                    600,
                    () ->
                            assertThat(search.find(CLIENT, all, before, 50).deliveries())
                                    .hasSize(50));
            readsByEachPlan(
                    300,
                    () ->
                            assertThat(search.find(CLIENT, failed, before, 20).deliveries())
                                    .hasSize(20));
        }
        UUID delivery = ofDay(5, 4, 77);
        reads(
                10,
                () -> {
                    assertThat(log.find(CLIENT, delivery)).isPresent();
                    assertThat(log.attempts(delivery)).isEmpty();
                    assertThat(log.redeliver(delivery)).isEqualTo(DeliveryLog.Redelivery.PENDING);
                });
    }

    /**
     * A hundred webhooks and four statuses: 400 lists, of which each page reads some rows in each
     * of five days.
     */
    @Test
    void a_page_of_all_webhooks_reads_little_more_than_a_page() {
        DeliverySearch search = new DeliverySearch(jdbi, InstantSource.system());
        for (UUID before : new UUID[] {null, ofDay(5, 4, 1)}) {
            readsByEachPlan(
                    4_500,
                    () ->
                            assertThat(
                                            search.find(CLIENT, DeliveryFilter.ALL, before, 50)
                                                    .deliveries())
                                    .hasSize(50));
        }
    }

    @Test
    void a_page_with_a_rare_delivery_ends_after_so_many_rows_and_goes_on() {
        DeliverySearch search = new DeliverySearch(jdbi, InstantSource.system());
        DeliveryFilter rare =
                new DeliveryFilter(null, null, null, EventType.ACCOUNT_PARKED, null, null, null);
        reads(
                25_000,
                () -> {
                    DeliverySearch.Found found = search.find(CLIENT, rare, null, 50);
                    assertThat(found.deliveries()).isEmpty();
                    assertThat(found.next()).isNotNull();
                });
    }

    @Test
    void the_pages_after_it_go_down_to_the_rare_delivery() {
        DeliverySearch search = new DeliverySearch(jdbi, InstantSource.system());
        UUID rare = ofDay(DAYS - 1, 4, 5_555);
        jdbi.useHandle(handle ->
                handle.execute("update delivery set last_status = 418 where id = ?", rare));
        DeliveryFilter filter =
                new DeliveryFilter(
                        null, null, null, null, AnswerCode.parse("418").orElseThrow(), null, null);
        UUID before = ofDay(DAYS - 1, 4, 60_000);
        List<UUID> cursors = new ArrayList<>();
        List<UUID> found = new ArrayList<>();
        do {
            DeliverySearch.Found page = search.find(CLIENT, filter, before, 50);
            page.deliveries().forEach(delivery -> found.add(delivery.id()));
            UUID next = page.next();
            if (next != null) {
                assertThat(next.toString()).isLessThan(before.toString());
                cursors.add(next);
            }
            before = next;
        } while (before != null);
        assertThat(found).containsExactly(rare);
        // A page reads some ten thousand rows, and looks at most of them.
        assertThat(cursors).hasSizeBetween(5, 15);
    }

    @Test
    void a_page_of_due_deliveries_reads_no_others() {
        DeliveryStore store = new DeliveryStore(jdbi);
        UUID webhook = webhook(5);
        reads(
                2_000,
                () -> assertThat(store.due(webhook, ALL, Instant.now(), 50).due()).hasSize(50));
        reads(500, () -> assertThat(store.webhooksWithPending(ALL)).hasSizeGreaterThan(90));
        reads(50, () -> assertThat(store.oldestPending()).isPresent());
    }

    @Test
    void writing_a_batch_of_outcomes_reads_the_batch() {
        DeliveryStore store = new DeliveryStore(jdbi);
        OutcomeTable outcomeTable = new OutcomeTable(database, () -> Duration.ofDays(5));
        WebhookStore webhooks = new WebhookStore(jdbi);
        // Another mailbox each time: a refused delivery delays the later ones of its mailbox.
        int[] next = {10};
        Attempt taken = new Attempt(Instant.now(), Duration.ZERO, 204, "", null, null, null);
        Attempt refused =
                new Attempt(
                        Instant.now(),
                        Duration.ZERO,
                        500,
                        "",
                        "the receiver answered 500",
                        null,
                        Attempt.Fault.REFUSED);
        for (Attempt attempt : List.of(taken, refused)) {
            reads(
                    1_000,
                    () -> {
                        Instant now = Instant.now();
                        UUID id = webhook(next[0]++);
                        Webhook webhook = webhooks.find(CLIENT, id).orElseThrow();
                        List<AttemptOutcome> batch =
                                store.due(id, ALL, now, 3).due().stream()
                                        .map(delivery ->
                                                new AttemptOutcome(
                                                        webhook,
                                                        delivery,
                                                        FENCE,
                                                        attempt,
                                                        attempt.delivered()
                                                                ? null
                                                                : now.plusSeconds(3600),
                                                        EndpointHealth.Snapshot.GOOD))
                                        .toList();
                        assertThat(batch).hasSize(3);
                        outcomeTable.write(batch);
                    });
        }
    }

    @Test
    void plans_made_in_an_empty_day_stay_good_while_it_fills() {
        OutcomeTable outcomeTable = new OutcomeTable(database, () -> Duration.ofDays(5));
        Webhook webhook = new WebhookStore(jdbi).find(CLIENT, webhook(5)).orElseThrow();
        int[] next = {1};
        Runnable complete =
                () -> {
                    int number = next[0]++;
                    UUID id = ofDay(-1, 4, number);
                    insertTomorrow(number, number, "pending");
                    Delivery delivery =
                            new Delivery(
                                    id, webhook.id(), null, null, 0, 0, Instant.now(), "{}", true);
                    Attempt taken =
                            new Attempt(Instant.now(), Duration.ZERO, 204, "", null, null, null);
                    EndpointHealth.Snapshot open = EndpointHealth.Snapshot.GOOD;
                    outcomeTable.write(
                            List.of(
                                    new AttemptOutcome(
                                            webhook, delivery, FENCE, taken, null, open)));
                };
        for (int i = 0; i < TIMES; i++) {
            complete.run();
        }
        insertTomorrow(100_001, 150_000, "delivered");
        reads(10, complete);
    }

    private static void insertTomorrow(int first, int last, String status) {
        jdbi.useHandle(handle ->
                handle.createUpdate(
                                """
                                insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status,
                                    next_attempt_at, created_at, completed_at)
                                select test_id(:day::date, 4, n), :webhook, :webhook, null, null, 0,
                                    :status, now(), now(), case when :status <> 'pending' then now() end
                                from generate_series(:first, :last) n\
                                """)
                        .bind("day", TODAY.plusDays(1))
                        .bind("webhook", webhook(5))
                        .bind("first", first)
                        .bind("last", last)
                        .bind("status", status)
                        .execute());
    }

    @Test
    void a_page_of_accounts_reads_a_page() {
        AccountStore accounts = new AccountStore(jdbi);
        AccountSearch search = new AccountSearch(jdbi);
        AccountSearch.Filter all = AccountSearch.Filter.of(CLIENT);
        UUID deep = account(30_000);
        readsByEachPlan(120, () -> assertThat(search.page(all, null, 51)).hasSize(51));
        readsByEachPlan(120, () -> assertThat(search.page(all, deep, 51)).hasSize(51));
        readsByEachPlan(10, () -> assertThat(accounts.find(CLIENT, deep)).isPresent());
    }

    @Test
    void deleting_an_account_reads_the_deleted_rows() {
        RemovedAccounts accounts = new RemovedAccounts(jdbi);
        // Not one of the accounts whose rare events another test reads.
        int[] next = {41_000};
        reads(
                200,
                () ->
                        assertThat(accounts.remove(CLIENT, account(next[0]++)))
                                .isEqualTo(Removal.COMPLETE));
    }
}
