package dev.mailbell.delivery.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.delivery.log.DeliveryLists.ListKey;
import dev.mailbell.delivery.log.DeliveryLists.ReadBelow;
import dev.mailbell.delivery.log.LoggedDelivery.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DeliveryListsTest {
    private static final UUID HIGHEST = new UUID(-1, -1);
    private static final Comparator<LoggedDelivery> NEWEST_FIRST =
            Comparator.comparing((LoggedDelivery delivery) -> delivery.id().toString()).reversed();

    private final List<LoggedDelivery> table = new ArrayList<>();
    private int read;
    private int statements;

    private static ListKey key(int number) {
        return new ListKey(new UUID(0, number), Status.DELIVERED);
    }

    private void add(ListKey key, long at) {
        UUID id = new UUID(at << 16 | 0x7000, Long.MIN_VALUE);
        table.add(
                new LoggedDelivery(
                        id,
                        key.webhook(),
                        id,
                        "mail.new",
                        null,
                        null,
                        key.status(),
                        0,
                        null,
                        null,
                        null,
                        Instant.EPOCH,
                        null));
    }

    private List<LoggedDelivery> read(List<ReadBelow> below, int size) {
        statements++;
        List<LoggedDelivery> rows = new ArrayList<>();
        for (ReadBelow each : below) {
            table.stream()
                    .filter(row -> new ListKey(row.webhookId(), row.status()).equals(each.key()))
                    .filter(row -> row.id().toString().compareTo(each.before().toString()) < 0)
                    .sorted(NEWEST_FIRST)
                    .limit(size)
                    .forEach(rows::add);
        }
        rows.sort(NEWEST_FIRST);
        read += rows.size();
        return rows;
    }

    private DeliveryLists lists(int keys, int wanted, int most) {
        return new DeliveryLists(
                this::read,
                IntStream.range(0, keys).mapToObj(DeliveryListsTest::key).toList(),
                HIGHEST,
                wanted,
                most);
    }

    private static List<LoggedDelivery> all(DeliveryLists lists) {
        List<LoggedDelivery> found = new ArrayList<>();
        for (LoggedDelivery next = lists.next(); next != null; next = lists.next()) {
            found.add(next);
        }
        return found;
    }

    @Test
    void answers_every_delivery_once_and_in_order() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            table.clear();
            int keys = 1 + random.nextInt(40);
            int rows = random.nextInt(400);
            for (int i = 0; i < rows; i++) {
                // Some lists have most of them.
                add(key(random.nextInt(1 + random.nextInt(keys))), i);
            }
            DeliveryLists lists = lists(keys, 1 + random.nextInt(20), Integer.MAX_VALUE);
            assertThat(all(lists))
                    .as("seed %d, round %d", seed, round)
                    .isEqualTo(table.stream().sorted(NEWEST_FIRST).toList());
            assertThat(lists.isSpent()).isFalse();
        }
    }

    @Test
    void a_page_reads_one_row_of_each_list_and_few_more() {
        for (int i = 0; i < 20_000; i++) {
            add(key(i % 2_000), i);
        }
        DeliveryLists lists = lists(2_000, 51, 10_000);
        for (int i = 0; i < 51; i++) {
            assertThat(lists.next()).isNotNull();
        }
        assertThat(read).isLessThanOrEqualTo(3_000);
        assertThat(statements).isLessThanOrEqualTo(2);
    }

    @Test
    void one_busy_list_among_many_is_read_in_growing_steps() {
        for (int i = 0; i < 500; i++) {
            add(key(i), i);
        }
        for (int i = 1_000; i < 3_000; i++) {
            add(key(7), i);
        }
        DeliveryLists lists = lists(500, 201, 10_000);
        for (int i = 0; i < 201; i++) {
            assertThat(lists.next()).isNotNull();
        }
        assertThat(read).isLessThanOrEqualTo(3_000);
        assertThat(statements).isLessThanOrEqualTo(9);
    }

    @Test
    void ends_when_its_rows_are_used_up_and_says_so() {
        for (int i = 0; i < 5_000; i++) {
            add(key(i % 10), i);
        }
        DeliveryLists lists = lists(10, 10, 2_000);
        List<LoggedDelivery> answered = all(lists);
        assertThat(answered)
                .hasSizeBetween(1_000, 3_000)
                .isEqualTo(table.stream().sorted(NEWEST_FIRST).limit(answered.size()).toList());
        assertThat(lists.isSpent()).isTrue();
        assertThat(read).isLessThanOrEqualTo(3_000);
    }
}
