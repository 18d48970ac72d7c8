package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cluster.ShardBits;
import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.database.Database;
import dev.mailbell.database.Sql;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.outbox.DeferredEvents;
import dev.mailbell.delivery.outbox.DeferredEvents.Row;
import dev.mailbell.delivery.outbox.DeferredTurns;
import dev.mailbell.delivery.outbox.DirectEventWriter;
import dev.mailbell.delivery.outbox.MergingEventWriter;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.delivery.outbox.Subscribers;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The rows that an event reads, by PostgreSQL's counters, with 10,000 webhooks, few of them healthy
 * or untried, and 20,000 events deferred for them.
 */
class FanOutCostTest {
    private static final byte[] SHARDS = ShardBits.of(new TestOwnership().shards());

    private static final int WEBHOOKS = 10_000;
    private static final int HEALTHY = 3;
    private static final int UNTRIED = 3;
    private static final int ACCOUNTS = 5_000;
    private static final int EVENTS_OF_EACH = 4;

    /**
     * The driver prepares from the sixth time on; the server's plan is generic from the eleventh.
     */
    private static final int TIMES = 14;

    private static final UUID CLIENT = Ids.next();
    private static final List<UUID> accounts = new ArrayList<>();

    private static Database database;
    private static Jdbi jdbi;

    @BeforeAll
    static void fill() {
        // One connection, because a connection reports its counters only when it is asked to.
        database = TestDatabase.create(1);
        jdbi = database.jdbi();
        List<UUID> webhooks = ids(WEBHOOKS);
        accounts.addAll(ids(ACCOUNTS));
        List<UUID> events = ids(ACCOUNTS * EVENTS_OF_EACH);
        jdbi.useHandle(handle -> {
            handle.execute("insert into client (id, name) values (?, 'many')", CLIENT);
            handle.execute(
                    """
                    insert into webhook (id, client_id, url, events, labels, secret, state, healthy, created_at, updated_at)
                    select id, ?, 'https://example.org/', '{*}', '{}', '', case when n > ? or n % 2500 = 0 then 'enabled' else 'failing' end,
                        n > ?, now(), now()
                    from unnest(?::uuid[]) with ordinality u(id, n)\
                    """,
                    CLIENT, WEBHOOKS - HEALTHY, WEBHOOKS - HEALTHY, webhooks.toArray(UUID[]::new));
            handle.execute(
                    """
                    insert into event (id, client_id, account_id, type, created_at, payload)
                    select id, ?, (?::uuid[])[(n - 1) / ? + 1], 'mail.new', now(), '{"type":"mail.new","data":{"newCount":1}}'
                    from unnest(?::uuid[]) with ordinality u(id, n)\
                    """,
                    CLIENT,
                    accounts.toArray(UUID[]::new),
                    EVENTS_OF_EACH,
                    events.toArray(UUID[]::new));
            handle.execute(
                    """
                    insert into fanout (event_id, client_id, account_id, mailbox, shard, new_count, type, labels, healthy, served)
                    select id, client_id, account_id, 'INBOX', 0, 1, type, '{}', false, ? from event where client_id = ?\
                    """,
                    webhooks.subList(WEBHOOKS - HEALTHY, WEBHOOKS).toArray(UUID[]::new),
                    CLIENT);
            handle.execute("analyze");
        });
    }

    @AfterAll
    static void close() {
        database.close();
    }

    private static List<UUID> ids(int count) {
        List<UUID> ids = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ids.add(Ids.next());
        }
        return ids;
    }

    private static long rowsRead() {
        jdbi.useHandle(handle -> handle.execute("select pg_stat_force_next_flush()"));
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables
                                where relname in ('webhook', 'fanout') or relname like 'event%'\
                                """)
                        .mapTo(Long.class)
                        .one());
    }

    /** Repeats the work; each time may read this many rows. */
    private static void reads(int most, Runnable work) {
        long before = rowsRead();
        for (int i = 0; i < TIMES; i++) {
            work.run();
        }
        assertThat(rowsRead() - before).as("rows read").isLessThanOrEqualTo((long) most * TIMES);
    }

    private static void readsInTransaction(int most, Consumer<Connection> work) {
        reads(most, () -> jdbi.useTransaction(handle -> work.accept(handle.getConnection())));
    }

    private static NewEvent mail(UUID account) {
        Event event =
                new Event(Ids.next(), CLIENT, account, EventType.MAIL_NEW, Instant.now(), "{}");
        return new NewEvent(event, "INBOX", 0, Map.of(), 1);
    }

    private static void markHealthy(UUID account) {
        jdbi.useHandle(handle ->
                handle.execute("update fanout set healthy = true where account_id = ?", account));
    }

    @Test
    void writing_an_event_reads_its_subscribers_and_the_pending_deliveries_of_its_mailbox() {
        Sql change = Sql.of("update client set name = name where id = ?", CLIENT);
        int webhooks = HEALTHY + UNTRIED + Subscribers.MAX_OTHERS + 1;
        int[] next = {100};
        // Only webhooks that are not healthy wait for earlier events of the mailbox.
        reads(
                webhooks + EVENTS_OF_EACH,
                () ->
                        assertThat(
                                        DirectEventWriter.tryWrite(
                                                database.dataSource(),
                                                change,
                                                mail(accounts.get(next[0]++)),
                                                Instant.now()))
                                .hasValueSatisfying(made -> assertThat(made).hasSize(HEALTHY)));
        readsInTransaction(
                webhooks,
                connection ->
                        assertThat(
                                        MergingEventWriter.write(
                                                        connection,
                                                        mail(Ids.next()),
                                                        null,
                                                        Instant.now())
                                                .deliveries())
                                .hasSize(HEALTHY + UNTRIED));
    }

    @Test
    void the_next_deferred_event_is_found_without_reading_the_others() {
        // The row, its mailbox's rows to lock them and once more with their events.
        readsInTransaction(
                10 * EVENTS_OF_EACH,
                connection ->
                        assertThat(DeferredEvents.next(connection, CLIENT, SHARDS))
                                .hasSize(EVENTS_OF_EACH));
        markHealthy(accounts.get(4711));
        readsInTransaction(
                10 * EVENTS_OF_EACH + HEALTHY * EVENTS_OF_EACH,
                connection -> {
                    Row marked =
                            DeferredTurns.markedHealthy(connection, SHARDS, DeferredTurns.LOWEST)
                                    .orElseThrow();
                    assertThat(marked.accountId()).isEqualTo(accounts.get(4711));
                    // All healthy webhooks have the event.
                    assertThat(DeferredEvents.nextForHealthy(connection, marked)).isEmpty();
                    assertThat(DeferredEvents.healthyWaiting(connection, marked, 100)).isEmpty();
                    assertThat(DeferredEvents.othersWait(connection, marked, List.of())).isTrue();
                });
    }

    @Test
    void the_search_for_recovered_webhooks_reads_a_bounded_part_of_the_table() {
        int some = 50;
        readsInTransaction(
                4 * some + HEALTHY * some,
                connection ->
                        assertThat(
                                        DeferredEvents.markHealthy(
                                                connection, SHARDS, ids(1).getFirst(), some))
                                .isEmpty());
        readsInTransaction(
                4 * some + HEALTHY * some,
                connection ->
                        assertThat(DeferredEvents.markHealthy(connection, SHARDS, null, some))
                                .isPresent());
    }

    /** Nothing is deferred most of the time, and the plans that connections keep are from then. */
    @Test
    void plans_made_while_nothing_is_deferred_serve_many_events() {
        int some = 50;
        Row row =
                jdbi.inTransaction(handle ->
                                DeferredEvents.next(handle.getConnection(), CLIENT, SHARDS))
                        .getFirst();
        Consumer<Connection> work =
                connection -> {
                    DeferredEvents.next(connection, CLIENT, SHARDS);
                    DeferredEvents.nextForHealthy(connection, row);
                    DeferredEvents.healthyWaiting(connection, row, 100);
                    DeferredEvents.markHealthy(connection, SHARDS, null, some);
                };
        jdbi.useHandle(handle -> {
            handle.execute("create table deferred as select * from fanout");
            handle.execute("delete from fanout");
            handle.execute("vacuum analyze fanout");
        });
        for (int i = 0; i < TIMES; i++) {
            jdbi.useTransaction(handle -> work.accept(handle.getConnection()));
        }
        jdbi.useHandle(handle -> handle.execute("insert into fanout select * from deferred"));
        long before = rowsRead();
        jdbi.useTransaction(handle -> work.accept(handle.getConnection()));
        assertThat(rowsRead() - before).as("rows read").isLessThanOrEqualTo(1_000);
        jdbi.useHandle(handle -> {
            handle.execute("drop table deferred");
            handle.execute("analyze fanout");
        });
    }
}
