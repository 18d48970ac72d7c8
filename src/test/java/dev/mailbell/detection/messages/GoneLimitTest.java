package dev.mailbell.detection.messages;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GoneLimitTest {
    private static final int KEPT = GoneLimit.KEPT;

    @Test
    void up_to_the_limit_nothing_is_forgotten() {
        assertThat(GoneLimit.surplus(10, KEPT, 5, 0)).isZero();
    }

    @Test
    void above_the_limit_two_are_forgotten_for_each_new_message() {
        assertThat(GoneLimit.surplus(10, KEPT + 100, 3, 0)).isEqualTo(6);
        assertThat(GoneLimit.surplus(10, KEPT + 1, 3, 0)).isEqualTo(1);
        assertThat(GoneLimit.surplus(10, KEPT + 100, 0, 0)).isZero();
    }

    @Test
    void a_check_at_which_very_many_vanish_forgets_none() {
        assertThat(GoneLimit.surplus(10, KEPT + 100, 3, KEPT)).isEqualTo(6);
        assertThat(GoneLimit.surplus(10, KEPT + 100, 3, KEPT + 1)).isZero();
    }

    @Test
    void a_large_maildrop_keeps_as_many_gone_messages_as_it_has() {
        assertThat(GoneLimit.surplus(KEPT + 50, KEPT + 50, 5, 0)).isZero();
        assertThat(GoneLimit.surplus(KEPT + 50, KEPT + 51, 5, 0)).isEqualTo(1);
    }

    @Test
    void known_messages_never_exceed_their_maximum() {
        int live = KnownMessages.MAX_MESSAGES - KEPT - 10;
        assertThat(GoneLimit.surplus(live, KEPT + 10, 0, 0)).isZero();
        assertThat(GoneLimit.surplus(500_000, 600_000, 0, 600_000)).isEqualTo(100_000);
    }
}
