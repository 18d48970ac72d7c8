package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cluster.ShardBits;
import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.DeliveryLog;
import dev.mailbell.delivery.log.DeliveryLog.Redelivery;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outbox.MergingEventWriter;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.delivery.outcome.AttemptOutcome;
import dev.mailbell.delivery.outcome.OutcomeTable;
import dev.mailbell.delivery.queue.DeliveryStore;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * In a quiet time nothing is pending, and the plans that connections keep from then must serve a
 * backlog as well: a plan that reads all pending deliveries for each row takes 100 ms where it
 * should take one.
 */
class PendingPlansTest {
    private static final UUID CLIENT = UUID.fromString("00000000-0000-7000-8000-000000000000");
    private static final int WEBHOOKS = 100;
    private static final int MAILBOXES = 100;

    /**
     * The driver prepares from the sixth time on; the server's plan is generic from the eleventh.
     */
    private static final int TIMES = 14;

    private static final byte[] ALL = ShardBits.of(new TestOwnership().shards());

    private static Database database;
    private static Jdbi jdbi;

    @BeforeAll
    static void open() {
        // One connection, because a connection reports its counters only when it is asked to.
        database = TestDatabase.create(1);
        jdbi = database.jdbi();
        jdbi.useHandle(handle -> {
            handle.createUpdate(
                            """
                            create table of_backlog as select n, gen_random_uuid() as account
                                from generate_series(1, %d) n;
                            insert into webhook (id, client_id, url, events, labels, secret, state, created_at, updated_at)
                            select gen_random_uuid(), '%s', 'https://example.org/', '{*}', '{}', '', 'enabled', now(), now()
                                from generate_series(1, %d)
                            """
                                    .formatted(MAILBOXES, CLIENT, WEBHOOKS))
                    .execute();
            // An analysis by the server would make new plans.
            handle.select(
                            "select inhrelid::regclass::text from pg_inherits where inhparent = 'delivery'::regclass")
                    .mapTo(String.class)
                    .forEach(part ->
                            handle.execute(
                                    "alter table " + part + " set (autovacuum_enabled = false)"));
            insertBacklog("delivered", "now()");
            handle.execute("vacuum analyze");
        });
    }

    @AfterAll
    static void close() throws Exception {
        database.close();
    }

    @BeforeEach
    void quiet() {
        nothingIsPending();
    }

    private static void nothingIsPending() {
        jdbi.useHandle(handle -> {
            handle.execute("delete from delivery where status = 'pending'");
            handle.execute("vacuum analyze delivery");
        });
    }

    /**
     * Of a backlog only the deliveries to one dead webhook are left. They are near each other in
     * the index of webhooks and far apart in that of mailboxes, which is therefore the higher one
     * and costs more.
     */
    private static void onlyDeadWebhookHasBacklog() {
        insertBacklog("pending", "null");
        jdbi.useHandle(handle -> {
            handle.execute(
                    """
                    delete from delivery where status = 'pending'
                        and webhook_id <> (select id from webhook order by id desc limit 1)\
                    """);
            handle.execute("vacuum analyze delivery");
        });
    }

    /** A delivery of each mailbox to each webhook. */
    private static void insertBacklog(String status, String completed) {
        jdbi.useHandle(handle ->
                handle.createUpdate(
                                """
                                insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, next_attempt_at,
                                    created_at, completed_at)
                                select (substr(:id, 1, 24) || lpad(to_hex(row_number() over ()), 12, '0'))::uuid, w.id,
                                    gen_random_uuid(), account, 'INBOX', 0, :status, now(), now(), %s
                                from of_backlog, webhook w\
                                """
                                        .formatted(completed))
                        .bind("id", Ids.next().toString())
                        .bind("status", status)
                        .execute());
    }

    private static long rowsRead() {
        jdbi.useHandle(handle -> handle.execute("select pg_stat_force_next_flush()"));
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables
                                where relname like 'delivery%'\
                                """)
                        .mapTo(Long.class)
                        .one());
    }

    /**
     * Repeats the work while nothing is pending, and again with a backlog.
     *
     * @param most rows of deliveries that it may read each time with the backlog
     */
    private static void reads(int most, Runnable work) {
        for (int i = 0; i < TIMES; i++) {
            work.run();
        }
        insertBacklog("pending", "null");
        long before = rowsRead();
        work.run();
        assertThat(rowsRead() - before).isBetween(1L, (long) most);
    }

    private static Webhook anyWebhook() {
        return new WebhookStore(jdbi).list(CLIENT, null, 1).getFirst();
    }

    @Test
    void a_page_of_due_deliveries_reads_its_own_rows() {
        DeliveryStore store = new DeliveryStore(jdbi);
        UUID webhook = anyWebhook().id();
        reads(10 * MAILBOXES, () -> store.due(webhook, ALL, Instant.now(), MAILBOXES));
    }

    @Test
    void new_mail_reads_the_deliveries_of_its_mailbox() {
        reads(10 * WEBHOOKS, newMail());
    }

    @Test
    void new_mail_beside_a_dead_webhook_reads_the_deliveries_of_its_mailbox() {
        onlyDeadWebhookHasBacklog();
        reads(10 * WEBHOOKS, newMail());
    }

    private static Runnable newMail() {
        UUID account = Ids.next();
        return () ->
                jdbi.useTransaction(handle ->
                        MergingEventWriter.write(
                                handle.getConnection(), mail(account), null, Instant.now()));
    }

    /** The delivery to the webhook of a new mail in a mailbox of its own. */
    private static Delivery deliveryTo(Webhook webhook) {
        return jdbi
                .inTransaction(handle ->
                        MergingEventWriter.write(
                                handle.getConnection(), mail(Ids.next()), null, Instant.now()))
                .deliveries()
                .stream()
                .filter(delivery -> delivery.webhookId().equals(webhook.id()))
                .findFirst()
                .orElseThrow();
    }

    private static NewEvent mail(UUID account) {
        Event event =
                new Event(
                        Ids.next(),
                        CLIENT,
                        account,
                        EventType.MAIL_NEW,
                        Instant.now(),
                        "{\"data\":{\"newCount\":1}}");
        return new NewEvent(event, "INBOX", 0, Map.of(), 1);
    }

    @Test
    void a_refused_delivery_reads_the_later_ones_of_its_mailbox() {
        OutcomeTable outcomes = new OutcomeTable(database, () -> Duration.ofDays(5));
        Webhook webhook = anyWebhook();
        Attempt refused =
                new Attempt(
                        Instant.now(),
                        Duration.ZERO,
                        500,
                        "",
                        "the receiver answered 500",
                        null,
                        Attempt.Fault.REFUSED);
        reads(
                1_000,
                () -> {
                    Delivery delivery = deliveryTo(webhook);
                    outcomes.write(
                            List.of(
                                    new AttemptOutcome(
                                            webhook,
                                            delivery,
                                            new ShardFence(0, 0),
                                            refused,
                                            Instant.now().plusSeconds(3600),
                                            EndpointHealth.Snapshot.GOOD)));
                });
    }

    @Test
    void a_redelivery_reads_the_later_ones_of_its_mailbox() {
        DeliveryLog log = new DeliveryLog(jdbi, InstantSource.system());
        UUID delivered =
                jdbi.withHandle(handle ->
                        handle.createQuery(
                                        """
                                        update delivery set body = '{}' where id = (select id from delivery where status <> 'pending' limit 1)
                                        returning id\
                                        """)
                                .mapTo(UUID.class)
                                .one());
        reads(100, () -> assertThat(log.redeliver(delivered)).isEqualTo(Redelivery.PENDING));
    }
}
