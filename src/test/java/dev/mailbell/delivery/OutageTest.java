package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.DeliveryEngine.Arrival;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One of ten webhooks of the same mailboxes is away for a day while mail goes on. {@code
 * -Dmailbell.outage.mailboxes=10000} makes it much larger, and slow.
 */
@Timeout(1800)
class OutageTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final int MAILBOXES = Integer.getInteger("mailbell.outage.mailboxes", 300);
    private static final int HOURS = 24;
    private static final int OTHERS = 9;
    private static final int TOGETHER = 100;

    /**
     * POSTs to the webhook in a day at most: one a minute while it answers 503, which pauses it;
     * while it refuses connections, the probes of the breaker.
     */
    private static final long MAX_ATTEMPTS = HOURS / 2 * 60 + 50;

    /** Bytes of one delivery with its one attempt and all indexes. */
    private static final long MAX_BYTES = 1500;

    private static final Duration LONGEST = Duration.ofMinutes(10);

    @TempDir Path keys;
    private DeliveryEngine engine;
    private Random random;
    private final CountingReceiver away = new CountingReceiver();
    private final List<CountingReceiver> others =
            IntStream.range(0, OTHERS).mapToObj(i -> new CountingReceiver()).toList();
    private final List<UUID> accounts = Stream.generate(Ids::next).limit(MAILBOXES).toList();
    private final Map<String, Integer> arrived = new HashMap<>();
    private int events;

    @BeforeEach
    void open() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        random = new Random(seed);
        engine = new DeliveryEngine(DATABASE, keys);
        engine.schedule =
                IntStream.of(5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
                        .mapToObj(Duration::ofSeconds)
                        .toList();
    }

    @AfterEach
    void close() throws Exception {
        engine.close();
        away.close();
        others.forEach(CountingReceiver::close);
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    @Test
    void
            a_day_of_outage_costs_two_pending_deliveries_a_mailbox_and_does_not_affect_other_webhooks() {
        Webhook failing = engine.webhook(away.url(), Map.of());
        List<Webhook> healthy = new ArrayList<>();
        for (int i = 0; i < OTHERS; i++) {
            healthy.add(engine.webhook(others.get(i).url(), Map.of("share", "s" + i)));
        }
        away.status = 503;
        for (int hour = 0; hour < HOURS; hour++) {
            if (hour == HOURS / 2) {
                away.refuse();
            }
            mailOfAnHour();
            awaitNothingPendingExceptFor(failing);
            assertThat(mostPending(failing)).as("hour %d", hour).isBetween(1L, 2L);
        }
        assertThat(engine.now(failing).state()).isEqualTo(State.FAILING);
        assertThat(away.size()).isZero();
        assertOthersUnaffected(healthy);
        assertBounded(failing);

        away.status = 200;
        away.listen();
        await().atMost(LONGEST)
                .untilAsserted(() -> {
                    // The last waits of the retry schedule are half a day.
                    engine.clock.step(Duration.ofMinutes(30));
                    assertThat(pending(failing)).isZero();
                });
        assertThat(away.sums()).isEqualTo(arrived);
        assertThat(away.changed).isEmpty();
        assertThat(engine.now(failing).state()).isEqualTo(State.ENABLED);
        assertThat(count("select count(*) from delivery where status = 'failed'")).isZero();
        System.out.printf("after recovery: %d deliveries brought %d events%n", away.size(), events);
    }

    /** Each mailbox gets mail once, at some time of the hour. */
    private void mailOfAnHour() {
        List<Integer> mailboxes = new ArrayList<>(IntStream.range(0, MAILBOXES).boxed().toList());
        Collections.shuffle(mailboxes, random);
        Duration step = Duration.ofHours(1).dividedBy(Math.ceilDiv(MAILBOXES, TOGETHER));
        for (int from = 0; from < MAILBOXES; from += TOGETHER) {
            List<Arrival> arrivals = new ArrayList<>();
            for (int box : mailboxes.subList(from, Math.min(from + TOGETHER, MAILBOXES))) {
                arrivals.add(arrival(box, 1 + random.nextInt(3)));
            }
            arrivals.parallelStream().forEach(engine::mail);
            engine.clock.step(step);
        }
    }

    private Arrival arrival(int box, int newCount) {
        String mailbox = "Box " + box;
        arrived.merge(mailbox, newCount, Integer::sum);
        events++;
        return new Arrival(
                accounts.get(box),
                mailbox,
                Map.of("share", "s" + box % OTHERS),
                """
                {"type":"mail.new","timestamp":"%s","data":{"accountId":"%s","mailbox":"%s","newCount":%d,"total":1234}}\
                """
                        .formatted(engine.clock.instant(), accounts.get(box), mailbox, newCount));
    }

    /** Does not step the clock: a delivery to a healthy webhook is sent at once. */
    private static void awaitNothingPendingExceptFor(Webhook failing) {
        await().atMost(LONGEST)
                .untilAsserted(() ->
                        assertThat(
                                        count(
                                                "select count(*) from delivery where webhook_id <> ? and status = 'pending'",
                                                failing.id()))
                                .isZero());
    }

    private void assertOthersUnaffected(List<Webhook> healthy) {
        Map<String, Integer> sums = new HashMap<>();
        others.forEach(other -> sums.putAll(other.sums()));
        assertThat(sums).isEqualTo(arrived);
        assertThat(others.stream().mapToInt(CountingReceiver::size).sum()).isEqualTo(events);
        for (Webhook webhook : healthy) {
            assertThat(engine.now(webhook).state()).isEqualTo(State.ENABLED);
            assertThat(
                            count(
                                    """
                                    select count(*) from delivery
                                    where webhook_id = ? and (status <> 'delivered' or attempts <> 1)\
                                    """,
                                    webhook.id()))
                    .as("deliveries of a healthy webhook that needed more than one POST")
                    .isZero();
        }
    }

    /**
     * One row for each event, as without an outage, and only the attempts that the breaker allows.
     */
    private void assertBounded(Webhook failing) {
        long rows = count("select count(*) from delivery where webhook_id = ?", failing.id());
        long attempts =
                count(
                        "select count(*) from attempt a join delivery d on d.id = a.delivery_id where d.webhook_id = ?",
                        failing.id());
        long bytes = bytes("delivery") + bytes("attempt");
        System.out.printf(
                "%d mailboxes, %d events: %d rows of the failing webhook (%d pending), %d attempts;"
                        + " delivery %d KiB, attempt %d KiB%n",
                MAILBOXES,
                events,
                rows,
                pending(failing),
                attempts,
                bytes("delivery") >> 10,
                bytes("attempt") >> 10);
        assertThat(rows).isEqualTo(events);
        assertThat(pending(failing)).isBetween((long) MAILBOXES, 2L * MAILBOXES);
        assertThat(attempts).isBetween((long) HOURS / 2, MAX_ATTEMPTS);
        assertThat(bytes).isLessThan(MAX_BYTES * 2 * events);
    }

    private static long bytes(String table) {
        return count(
                "select sum(pg_total_relation_size(relid)) from pg_partition_tree(?::regclass)",
                table);
    }

    private static long pending(Webhook webhook) {
        return count(
                "select count(*) from delivery where webhook_id = ? and status = 'pending'",
                webhook.id());
    }

    private static long mostPending(Webhook webhook) {
        return count(
                """
                select max(n) from (select count(*) n from delivery
                    where webhook_id = ? and status = 'pending' group by account_id, mailbox) boxes\
                """,
                webhook.id());
    }

    private static long count(String sql, Object... parameters) {
        return DATABASE.jdbi()
                .withHandle(handle -> handle.select(sql, parameters).mapTo(Long.class).one());
    }
}
