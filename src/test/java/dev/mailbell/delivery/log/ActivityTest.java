package dev.mailbell.delivery.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ActivityTest {
    private static final Instant AT = Instant.parse("2026-11-20T10:00:00Z");

    private static Activity of(long... millis) {
        return Arrays.stream(millis)
                .mapToObj(duration -> Activity.of(AT, true, duration))
                .reduce(Activity.none(AT), Activity::plus);
    }

    @Test
    void quantiles_are_exact_within_their_classes() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        long[] millis = random.longs(1_000, 0, 40_000).sorted().toArray();
        Activity activity = of(millis);
        for (double share : new double[] {0.5, 0.95, 0.99}) {
            long exact = millis[(int) Math.ceil(share * millis.length) - 1];
            long computed = activity.quantileMillis(share);
            assertThat(DurationClasses.of(computed))
                    .as("share %s, seed %d: %d and %d", share, seed, computed, exact)
                    .isEqualTo(DurationClasses.of(exact));
        }
        assertThat(activity.quantileMillis(1)).isEqualTo(millis[millis.length - 1]);
    }

    @Test
    void no_quantile_exceeds_the_longest() {
        assertThat(of(3).quantileMillis(0.99)).isLessThanOrEqualTo(3);
        assertThat(of(90_000, 90_000).quantileMillis(0.5)).isBetween(30_000L, 90_000L);
        assertThat(of().quantileMillis(0.5)).isZero();
    }

    @Test
    void slots_begin_at_multiples_of_their_length() {
        assertThat(ActivityTable.slotOf(AT.plusSeconds(599), ActivityTable.SLOT)).isEqualTo(AT);
        assertThat(ActivityTable.slotOf(AT.plusSeconds(600), ActivityTable.SLOT))
                .isEqualTo(AT.plusSeconds(600));
        assertThat(ActivityTable.slotOf(AT, Duration.ofDays(1)))
                .isEqualTo(Instant.parse("2026-11-20T00:00:00Z"));
    }
}
