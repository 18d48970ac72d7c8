package dev.mailbell.mail.pop3.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class NumberColumnTest {
    private static NumberColumn column(long... numbersAndValues) {
        NumberColumn column = new NumberColumn();
        for (int i = 0; i < numbersAndValues.length; i += 2) {
            column.add((int) numbersAndValues[i], numbersAndValues[i + 1]);
        }
        return column;
    }

    @Test
    void over_random_lines_the_column_equals_a_sorted_map() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            Map<Integer, Long> model = new TreeMap<>();
            int size = random.nextInt(300);
            for (int i = 0; i < size; i++) {
                model.put(1 + random.nextInt(Integer.MAX_VALUE - 1), random.nextLong());
            }
            List<Map.Entry<Integer, Long>> lines = new ArrayList<>(model.entrySet());
            lines.addAll(lines.subList(0, lines.size() / 10));
            Collections.shuffle(lines, random);
            NumberColumn column = new NumberColumn();
            lines.forEach(line -> column.add(line.getKey(), line.getValue()));

            assertThat(column.sort()).as("seed %d", seed).isTrue();
            assertThat(column.numbers())
                    .as("seed %d", seed)
                    .containsExactly(model.keySet().toArray(new Integer[0]));
            model.forEach((number, value) ->
                    assertThat(column.valueOf(number, 0)).as("seed %d", seed).isEqualTo(value));
        }
    }

    @Test
    void a_number_with_two_values_is_a_fault() {
        assertThat(column(2, 20, 1, 10, 2, 20).sort()).isTrue();
        assertThat(column(2, 20, 1, 10, 2, 21).sort()).isFalse();
    }

    @Test
    void a_missing_number_has_the_default_value() {
        assertThat(column(1, 10, 3, 30).valueOf(2, -1)).isEqualTo(-1);
        assertThat(new NumberColumn().valueOf(1, -1)).isEqualTo(-1);
    }

    @Test
    void columns_are_compared_by_numbers_and_by_values() {
        NumberColumn two = column(1, 10, 2, 20);
        assertThat(two.isSameAs(column(1, 10, 2, 20))).isTrue();
        assertThat(two.isSameAs(column(1, 10, 2, 21))).isFalse();
        assertThat(two.sameNumbers(column(1, 0, 2, 0))).isTrue();
        assertThat(two.sameNumbers(column(1, 0))).isFalse();
        assertThat(two.startsAs(column(1, 0, 2, 0, 3, 0))).isTrue();
        assertThat(column(1, 0, 2, 0, 3, 0).startsAs(two)).isFalse();
    }
}
