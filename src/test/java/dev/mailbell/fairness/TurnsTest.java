package dev.mailbell.fairness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private static final UUID A = new UUID(0, 1);
    private static final UUID B = new UUID(0, 2);
    private static final UUID C = new UUID(0, 3);

    private final Turns<String> turns = new Turns<>();

    private void add(UUID client, String... elements) {
        for (String element : elements) {
            turns.add(client, element);
        }
    }

    @Test
    void clients_take_turns_and_the_elements_of_each_keep_their_order() {
        add(A, "a1", "a2", "a3");
        add(B, "b1");
        add(C, "c1", "c2");
        assertThat(turns.drain()).containsExactly("a1", "b1", "c1", "a2", "c2", "a3");
        assertThat(turns.isEmpty()).isTrue();
    }

    @Test
    void a_client_with_ten_thousand_elements_delays_anothers_by_one() {
        for (int i = 0; i < 10_000; i++) {
            add(A, "a" + i);
        }
        add(B, "b");
        assertThat(turns.poll()).contains("a0");
        assertThat(turns.poll()).contains("b");
        assertThat(turns.size()).isEqualTo(9_999);
    }

    @Test
    void a_client_that_comes_back_waits_for_those_that_wait_already() {
        add(A, "a1");
        add(B, "b1", "b2");
        assertThat(turns.poll()).contains("a1");
        add(A, "a2");
        assertThat(turns.drain()).containsExactly("b1", "a2", "b2");
    }

    @Test
    void a_client_that_may_have_no_turn_now_keeps_it() {
        add(A, "a1");
        add(B, "b1", "b2");
        assertThat(turns.poll(B::equals, any -> true)).contains("b1");
        assertThat(turns.drain()).containsExactly("a1", "b2");
    }

    @Test
    void elements_that_are_not_wanted_are_passed_over_and_stay() {
        add(A, "a1", "a2");
        add(B, "b1");
        assertThat(turns.poll(any -> true, element -> !element.equals("a1"))).contains("a2");
        assertThat(turns.poll(any -> true, "none"::equals)).isEmpty();
        assertThat(turns.drain()).containsExactly("b1", "a1");
    }

    @Test
    void what_is_added_twice_or_removed_is_counted() {
        assertThat(turns.add(A, "a1")).isTrue();
        assertThat(turns.add(A, "a1")).isFalse();
        add(A, "a2", "a3");
        add(B, "b1");
        assertThat(turns.remove(A, "a1")).isTrue();
        assertThat(turns.remove(C, "a2")).isFalse();
        turns.skipHeads(element -> !element.equals("a3"));
        assertThat(turns.size()).isEqualTo(1);
        turns.removeIf("a3"::equals);
        assertThat(turns.isEmpty()).isTrue();
        assertThat(turns.poll()).isEmpty();
    }
}
