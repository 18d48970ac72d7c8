package dev.mailbell.delivery.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.log.LoggedDelivery.Status;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The windows of days through which a page is searched, with a first one of a day. */
class DeliverySearchTest {
    private static final Instant NOW = Instant.parse("2026-11-20T15:00:00Z");
    private static final LocalDate TODAY = NOW.atZone(ZoneOffset.UTC).toLocalDate();
    private static final UUID CLIENT = new UUID(1, 1);
    private static final UUID OTHER = new UUID(1, 2);

    // One connection, because a connection reports its counters only when it is asked to.
    private static final Database database = TestDatabase.create(1);
    private static final Jdbi jdbi = database.jdbi();

    private final DeliverySearch search = new DeliverySearch(jdbi, InstantSource.fixed(NOW), 1);
    private final List<Row> table = new ArrayList<>();

    private static final class Row {
        private final UUID id;
        private final UUID webhook;
        private Status status;

        Row(UUID id, UUID webhook, Status status) {
            this.id = id;
            this.webhook = webhook;
            this.status = status;
        }
    }

    @AfterAll
    static void close() throws Exception {
        database.close();
    }

    @BeforeEach
    void empty() {
        jdbi.useHandle(handle -> {
            handle.execute("truncate delivery");
            handle.execute("delete from webhook");
            handle.execute("delete from client");
            for (UUID client : List.of(CLIENT, OTHER)) {
                handle.execute("insert into client (id, name) values (?, ?)", client, client);
            }
        });
    }

    private static UUID webhook(UUID client, int number) {
        UUID id = new UUID(number, client.getLeastSignificantBits());
        jdbi.useHandle(handle ->
                handle.execute(
                        """
                        insert into webhook (id, client_id, url, events, labels, secret, state, created_at, updated_at)
                        values (?, ?, 'https://example.org/', '{*}', '{}', '', 'enabled', now(), now())\
                        """,
                        id,
                        client));
        return id;
    }

    private static UUID idAt(Instant at, long rest) {
        return new UUID(at.toEpochMilli() << 16, rest);
    }

    private Row add(UUID id, UUID webhook, Status status) {
        jdbi.useHandle(handle ->
                handle.execute(
                        """
                        insert into delivery (id, webhook_id, event_id, shard, status, next_attempt_at, created_at, completed_at)
                        values (?, ?, ?, 0, ?, now(), now(), case when ? <> 'pending' then now() end)\
                        """,
                        id,
                        webhook,
                        id,
                        status.wireName(),
                        status.wireName()));
        Row row = new Row(id, webhook, status);
        table.add(row);
        return row;
    }

    private static void addDay(int ago) {
        jdbi.useHandle(handle ->
                handle.select("select log_add_day('delivery', ?)", TODAY.minusDays(ago))
                        .mapTo(Boolean.class)
                        .one());
    }

    /** What a page should have, and one more where there is one. */
    private List<UUID> sorted(
            List<UUID> webhooks, @Nullable Status status, @Nullable UUID before, int limit) {
        return table.stream()
                .filter(row -> webhooks.contains(row.webhook))
                .filter(row -> status == null || row.status == status)
                .map(row -> row.id)
                .filter(id -> before == null || id.toString().compareTo(before.toString()) < 0)
                .sorted(Comparator.comparing(UUID::toString).reversed())
                .limit(limit + 1)
                .toList();
    }

    @Test
    void pages_to_the_end_have_each_delivery_once_while_statuses_change() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Status[] statuses = Status.values();
        List<UUID> webhooks =
                IntStream.range(0, 5).mapToObj(number -> webhook(CLIENT, number)).toList();
        List<UUID> all = new ArrayList<>(webhooks);
        all.add(webhook(OTHER, 0));
        // The other days are in the partition for the rest.
        IntStream.of(0, 1, 2, 4, 9).forEach(DeliverySearchTest::addDay);
        for (int i = 0; i < 300; i++) {
            Instant at = NOW.minusMillis(random.nextLong(Duration.ofDays(20).toMillis()));
            add(
                    idAt(at, random.nextLong() | Long.MIN_VALUE),
                    all.get(random.nextInt(all.size())),
                    statuses[random.nextInt(statuses.length)]);
        }
        // The floors of the windows of the first page, and what is just above and below.
        for (int days : new int[] {1, 3, 7, 15}) {
            Instant floor = NOW.minus(Duration.ofDays(days));
            UUID webhook = webhooks.get(random.nextInt(webhooks.size()));
            add(new UUID(floor.toEpochMilli() << 16, 0), webhook, Status.DELIVERED);
            add(new UUID(floor.toEpochMilli() << 16, 1), webhook, Status.DELIVERED);
            add(new UUID((floor.toEpochMilli() << 16) - 1, -1), webhook, Status.DELIVERED);
        }
        for (int round = 0; round < 12; round++) {
            Status status = round % 2 == 0 ? null : statuses[random.nextInt(statuses.length)];
            UUID webhook = round % 3 == 1 ? webhooks.get(random.nextInt(webhooks.size())) : null;
            DeliveryFilter filter =
                    new DeliveryFilter(webhook, null, status, null, null, null, null);
            List<UUID> searched = webhook == null ? webhooks : List.of(webhook);
            int limit = round == 0 ? 400 : 1 + random.nextInt(60);
            UUID before = null;
            do {
                DeliverySearch.Found page = search.find(CLIENT, filter, before, limit);
                List<UUID> expected = sorted(searched, status, before, limit);
                boolean more = expected.size() > limit;
                assertThat(page.deliveries().stream().map(LoggedDelivery::id).toList())
                        .as("seed %d, round %d, before %s", seed, round, before)
                        .isEqualTo(more ? expected.subList(0, limit) : expected);
                assertThat(page.next())
                        .as("seed %d, round %d, before %s", seed, round, before)
                        .isEqualTo(more ? expected.get(limit - 1) : null);
                before = page.next();
                for (int i = 0; i < 20; i++) {
                    Row row = table.get(random.nextInt(table.size()));
                    row.status = statuses[random.nextInt(statuses.length)];
                    jdbi.useHandle(handle ->
                            handle.execute(
                                    "update delivery set status = ?, completed_at = case when ? <> 'pending' then now() end"
                                            + " where id = ?",
                                    row.status.wireName(),
                                    row.status.wireName(),
                                    row.id));
                }
            } while (before != null);
        }
    }

    /** How often partitions of the log were looked into. */
    private static long scans(String partitions) {
        jdbi.useHandle(handle -> handle.execute("select pg_stat_force_next_flush()"));
        return jdbi.withHandle(handle ->
                handle.select(
                                "select sum(seq_scan + idx_scan) from pg_stat_user_tables where relname ~ ?",
                                partitions)
                        .mapTo(Long.class)
                        .one());
    }

    @Test
    void a_page_that_is_not_filled_ends_at_the_oldest_delivery() {
        UUID webhook = webhook(CLIENT, 0);
        IntStream.range(0, 4).forEach(DeliverySearchTest::addDay);
        UUID id = add(idAt(NOW.minus(Duration.ofDays(2)), -1), webhook, Status.FAILED).id;
        long before = scans("^delivery_(default|2)");
        DeliverySearch.Found found = search.find(CLIENT, DeliveryFilter.ALL, null, 50);
        // Two windows of four lists; searched back to 1970, there were fifteen.
        assertThat(scans("^delivery_(default|2)") - before).isLessThan(50);
        assertThat(found.deliveries()).extracting(LoggedDelivery::id).containsExactly(id);
        assertThat(found.next()).isNull();
    }

    @Test
    void a_page_of_an_empty_log_is_empty() {
        webhook(CLIENT, 0);
        addDay(0);
        long before = scans("^delivery_(default|2)");
        assertThat(search.find(CLIENT, DeliveryFilter.ALL, null, 50))
                .isEqualTo(new DeliverySearch.Found(List.of(), null));
        assertThat(scans("^delivery_(default|2)") - before).isLessThan(20);
    }

    @Test
    void a_page_does_not_look_into_days_after_its_cursor() {
        UUID webhook = webhook(CLIENT, 0);
        IntStream.range(0, 6).forEach(DeliverySearchTest::addDay);
        for (int ago = 0; ago < 6; ago++) {
            add(idAt(NOW.minus(Duration.ofDays(ago)), -1), webhook, Status.DELIVERED);
        }
        String newer = "^delivery_2026(1120|1119|1118)";
        long before = scans(newer);
        UUID cursor = idAt(NOW.minus(Duration.ofDays(3)), -1);
        assertThat(search.find(CLIENT, DeliveryFilter.ALL, cursor, 50).deliveries()).hasSize(2);
        assertThat(scans(newer)).isEqualTo(before);
        assertThat(scans("^delivery_2026(1117|1116|1115)")).isPositive();
    }
}
