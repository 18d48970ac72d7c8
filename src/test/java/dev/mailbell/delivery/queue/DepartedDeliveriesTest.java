package dev.mailbell.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.event.Ids;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class DepartedDeliveriesTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final CommitSequence commits = new CommitSequence();
    private final DepartedDeliveries departures = new DepartedDeliveries(commits);

    @Test
    void a_departure_is_remembered_for_ten_seconds() {
        long begun = commits.next();
        UUID id = Ids.next();
        departures.add(id, NOW);
        departures.forgetOld(NOW.plusSeconds(10));
        assertThat(departures.has(id)).isTrue();
        assertThat(departures.mayHaveForgotten(begun)).isFalse();
        departures.forgetOld(NOW.plusSeconds(10).plusNanos(1));
        assertThat(departures.has(id)).isFalse();
        assertThat(departures.mayHaveForgotten(begun)).isTrue();
        assertThat(departures.mayHaveForgotten(commits.next())).isFalse();
    }

    @Test
    void the_oldest_departure_is_forgotten_when_there_are_too_many() {
        long before = commits.next();
        UUID first = Ids.next();
        departures.add(first, NOW);
        long between = commits.next();
        for (int i = 1; i < DepartedDeliveries.MAX; i++) {
            departures.add(Ids.next(), NOW);
        }
        assertThat(departures.has(first)).isTrue();
        departures.add(Ids.next(), NOW);
        assertThat(departures.has(first)).isFalse();
        assertThat(departures.mayHaveForgotten(before)).isTrue();
        assertThat(departures.mayHaveForgotten(between)).isFalse();
    }

    @Test
    void a_second_departure_renews_the_first() {
        UUID id = Ids.next();
        departures.add(id, NOW);
        departures.add(Ids.next(), NOW);
        departures.add(id, NOW.plusSeconds(5));
        departures.forgetOld(NOW.plusSeconds(12));
        assertThat(departures.has(id)).isTrue();
    }

    @Test
    void after_forgetting_all_each_earlier_commit_may_have_departed() {
        UUID id = Ids.next();
        departures.add(id, NOW);
        long begun = commits.next();
        departures.forgetAll();
        assertThat(departures.has(id)).isFalse();
        assertThat(departures.mayHaveForgotten(begun)).isTrue();
        assertThat(departures.mayHaveForgotten(commits.next())).isFalse();
    }

    @Test
    void an_unknown_commit_may_always_have_departed() {
        assertThat(departures.mayHaveForgotten(CommitSequence.UNKNOWN)).isTrue();
    }
}
