package dev.mailbell.watch.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class FirstTurnsTest {
    private static final UUID MANY = new UUID(0, 1);
    private static final UUID FEW = new UUID(0, 2);

    @Test
    void a_client_with_few_accounts_does_not_wait_for_ten_thousand_of_another() {
        FirstTurns turns = new FirstTurns(Map.of(MANY, 10_000L, FEW, 3L));
        for (int i = 0; i < 10_000; i++) {
            turns.next(MANY);
        }
        assertThat(List.of(turns.next(FEW), turns.next(FEW), turns.next(FEW)))
                .containsExactly(2L, 4L, 6L);
    }

    @Test
    void each_turn_is_given_once_whatever_the_numbers_and_the_order_of_the_accounts() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<UUID, Long> counts = new HashMap<>();
        List<UUID> accounts = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            long count = random.nextLong(1, 30);
            counts.put(new UUID(1, i), count);
            for (long j = 0; j < count; j++) {
                accounts.add(new UUID(1, i));
            }
        }
        java.util.Collections.shuffle(accounts, random);
        FirstTurns turns = new FirstTurns(counts);
        assertThat(accounts.stream().map(turns::next))
                .as("seed %d", seed)
                .containsExactlyInAnyOrderElementsOf(
                        LongStream.rangeClosed(1, accounts.size()).boxed().toList());
    }

    @Test
    void accounts_that_were_not_counted_come_last() {
        FirstTurns turns = new FirstTurns(Map.of(MANY, 2L));
        assertThat(turns.next(MANY)).isEqualTo(1);
        assertThat(turns.next(MANY)).isEqualTo(2);
        assertThat(turns.next(MANY)).isGreaterThan(2);
        assertThat(turns.next(FEW)).isPositive();
    }
}
