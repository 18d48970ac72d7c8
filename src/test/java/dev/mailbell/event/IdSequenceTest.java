package dev.mailbell.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class IdSequenceTest {
    private final AtomicReference<Instant> now =
            new AtomicReference<>(Instant.parse("2026-11-01T12:00:00Z"));
    private final IdSequence ids = new IdSequence(now::get);

    private void step(Duration span) {
        now.updateAndGet(instant -> instant.plus(span));
    }

    private static void assertAscends(UUID before, UUID after) {
        // As text an id sorts as in PostgreSQL.
        assertThat(after.toString()).isGreaterThan(before.toString());
        assertThat(after.version()).isEqualTo(7);
        assertThat(after.variant()).isEqualTo(2);
    }

    private static Instant timeOf(UUID id) {
        return Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16);
    }

    @Test
    void ids_ascend_when_the_clock_steps_back_and_forth() {
        UUID before = ids.next();
        for (int hours : new int[] {-1, -1, 2, -5, 30, -30, -12}) {
            step(Duration.ofHours(hours));
            for (int i = 0; i < 100; i++) {
                UUID after = ids.next();
                assertAscends(before, after);
                before = after;
            }
        }
    }

    @Test
    void ids_of_a_new_process_are_higher_than_those_in_the_log() {
        step(Duration.ofHours(1));
        UUID before = ids.next();
        step(Duration.ofHours(-1));
        IdSequence restarted = new IdSequence(now::get);
        restarted.startAfter(before);
        UUID after = restarted.next();
        assertAscends(before, after);
        assertAscends(after, restarted.next());
    }

    @Test
    void the_id_after_the_last_of_its_millisecond_is_one_of_the_next() {
        UUID last = UUID.fromString("019a4000-0000-7fff-bfff-ffffffffffff");
        step(Duration.between(now.get(), timeOf(last)));
        ids.startAfter(last);
        assertAscends(last, ids.next());
    }

    @Test
    void a_clock_that_was_years_ahead_for_a_moment_does_not_date_all_later_ids() {
        step(Duration.ofDays(3650));
        ids.next();
        step(Duration.ofDays(-3650));
        assertThat(timeOf(ids.next())).isEqualTo(now.get());
    }
}
