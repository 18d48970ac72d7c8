package dev.mailbell.detection.messages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.messages.KnownMessages.Chunk;
import dev.mailbell.detection.messages.KnownMessages.Difference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The memory of gone messages over random histories, against a plain model of it. */
class KnownMessagesTest {
    private static MessageListing listing(List<Long> keys) {
        int[] numbers = IntStream.rangeClosed(1, keys.size()).toArray();
        int[] sizes = keys.stream().mapToInt(key -> (int) (key % 50_000) + 1).toArray();
        return new MessageListing(
                numbers, keys.stream().mapToLong(Long::longValue).toArray(), sizes);
    }

    private static List<Long> keys(int from, int to) {
        return new ArrayList<>(LongStream.range(from, to).map(i -> i * 7_919 + 3).boxed().toList());
    }

    private static int entries(KnownMessages known) {
        return known.chunks().stream().mapToInt(chunk -> chunk.entries().length).sum();
    }

    /** As it is read back from the database. */
    private static KnownMessages stored(
            Map<Integer, Chunk> rows, KnownMessages before, KnownMessages next) {
        int last = next.chunks().isEmpty() ? -1 : next.chunks().getLast().number();
        rows.keySet().removeIf(number -> number > last);
        next.changedSince(before).forEach(chunk -> rows.put(chunk.number(), chunk));
        return KnownMessages.of(rows.keySet().stream().sorted().map(rows::get).toList());
    }

    @Test
    void messages_hidden_from_a_large_maildrop_return_without_being_new() {
        KnownMessages known = KnownMessages.none().listed(listing(keys(0, 40_000))).next();
        known = known.listed(listing(keys(0, 20_000))).next();
        Difference tail = known.grown(listing(keys(40_000, 40_001)));
        assertThat(tail.fresh()).hasSize(1);
        Difference all = tail.next().listed(listing(keys(0, 40_001)));
        assertThat(all.fresh()).isEmpty();
        assertThat(all.returned()).isEqualTo(20_000);
    }

    @Test
    void a_maildrop_of_which_all_is_hidden_behind_another_one_returns_whole() {
        KnownMessages known = KnownMessages.none().listed(listing(keys(0, 40_000))).next();
        known = known.listed(listing(keys(50_000, 50_003))).next();
        known = known.listed(listing(List.of())).next();
        assertThat(known.listed(listing(keys(0, 40_000))).fresh()).isEmpty();
    }

    @Test
    void gone_messages_are_forgotten_as_new_ones_arrive() {
        KnownMessages known = KnownMessages.none().listed(listing(keys(0, 20_000))).next();
        int at = 20_000;
        for (int check = 0; check < 200; check++) {
            known = known.listed(listing(keys(at, at + 100))).next();
            at += 100;
        }
        assertThat(entries(known)).isLessThanOrEqualTo(GoneLimit.KEPT + 100);
        assertThat(known.chunks()).hasSizeLessThan(16);
    }

    @Test
    void no_more_than_a_million_messages_are_ever_remembered() {
        assertThat(GoneLimit.surplus(1_000_000, 1_000_000, 1_000_000, 0))
                .isEqualTo(1_000_000 - GoneLimit.KEPT);
        assertThat(GoneLimit.surplus(10, 1_000_000, 0, 0)).isEqualTo(10);
        assertThat(GoneLimit.surplus(400_000, 600_001, 0, 0)).isEqualTo(1);
        assertThat(GoneLimit.surplus(0, 500_000, 0, 0)).isZero();
        assertThat(GoneLimit.surplus(0, 500_000, 3, 0)).isEqualTo(6);
    }

    @Test
    void over_random_histories_of_hiding_and_returning_the_memory_is_the_models() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int history = 0; history < 40; history++) {
            follow(random, "seed " + seed + ", history " + history);
        }
    }

    private static void follow(Random random, String where) {
        KnownMessages known = KnownMessages.none();
        Map<Integer, Chunk> rows = new HashMap<>();
        List<Long> there = new ArrayList<>();
        List<Long> hidden = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        int made = 0;
        for (int step = 0; step < 150; step++) {
            String at = where + ", step " + step;
            List<Long> before = List.copyOf(there);
            boolean grows = true;
            switch (random.nextInt(5)) {
                case 0 -> {
                    List<Long> some = there.subList(0, there.size() / (2 + random.nextInt(4)));
                    hidden.addAll(some);
                    some.clear();
                    grows = false;
                }
                case 1 -> {
                    there.addAll(random.nextInt(there.size() + 1), hidden);
                    hidden.clear();
                    grows = false;
                }
                case 2 -> {
                    Collections.shuffle(there, random);
                    grows = false;
                }
                default -> {
                    int came = random.nextInt(random.nextInt(10) == 0 ? 3_000 : 5);
                    there.addAll(keys(made, made + came));
                    made += came;
                    there.addAll(hidden.subList(0, Math.min(hidden.size(), random.nextInt(3))));
                    hidden.removeAll(there.subList(before.size(), there.size()));
                }
            }
            long fresh = there.stream().filter(key -> !seen.contains(key)).count();
            seen.addAll(there);
            Difference difference =
                    grows && random.nextBoolean()
                            ? known.grown(listing(there.subList(before.size(), there.size())))
                            : known.listed(listing(there));
            assertThat(difference.fresh().length).as(at).isEqualTo((int) fresh);
            assertThat(difference.next().live()).as(at).isEqualTo(there.size());
            known = stored(rows, known, difference.next());
            assertThat(entries(known)).as(at).isEqualTo(entries(difference.next()));
            if (seen.size() - there.size() > Math.max(GoneLimit.KEPT, there.size())) {
                // From here on new mail takes the room of what is hidden.
                return;
            }
        }
    }
}
