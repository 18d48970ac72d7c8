package dev.mailbell.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DeadlineTest {
    @Test
    void a_past_deadline_has_nothing_left_but_never_means_for_ever() {
        Deadline past = Deadline.after(Duration.ofSeconds(-1));
        assertThat(past.isPast()).isTrue();
        assertThat(past.remaining()).isZero();
        assertThat(past.remainingNanos()).isZero();
        assertThat(past.remainingMillis()).isZero();
        assertThat(past.remainingMillisAtLeastOne()).isEqualTo(1);
    }

    @Test
    void the_time_left_is_rounded_up_to_milliseconds() {
        Deadline soon = Deadline.after(Duration.ofHours(1));
        assertThat(soon.isPast()).isFalse();
        assertThat(soon.remainingMillis()).isBetween(3_500_000, 3_600_000);
        assertThat(Deadline.after(Duration.ofNanos(1)).remainingMillisAtLeastOne()).isEqualTo(1);
    }

    @Test
    void at_most_never_moves_the_deadline_later() {
        Deadline hour = Deadline.after(Duration.ofHours(1));
        assertThat(hour.atMost(Duration.ofHours(2))).isSameAs(hour);
        assertThat(hour.atMost(Duration.ofMinutes(1)).remaining())
                .isLessThanOrEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void a_deadline_beyond_a_day_is_refused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Deadline.after(Duration.ofDays(2)))
                .withMessageContaining("more than a day");
    }
}
