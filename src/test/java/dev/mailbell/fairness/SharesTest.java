package dev.mailbell.fairness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SharesTest {
    private static final UUID A = new UUID(0, 1);
    private static final UUID B = new UUID(0, 2);
    private static final UUID C = new UUID(0, 3);

    private final Shares shares = new Shares(16);

    /** Takes as many permits as the client may; answers how many it holds then. */
    private int takeAll(UUID client) {
        while (shares.mayTake(client)) {
            shares.add(client, 1);
        }
        return shares.taken(client);
    }

    @Test
    void a_client_that_is_alone_may_take_all() {
        assertThat(takeAll(A)).isEqualTo(16);
        assertThat(shares.taken()).isEqualTo(16);
    }

    @Test
    void the_node_itself_is_no_second_client() {
        shares.mayTake(ActingClient.NODE);
        assertThat(takeAll(A)).isEqualTo(16);
    }

    @Test
    void a_client_that_held_all_gives_back_until_a_later_one_has_its_share() {
        takeAll(A);
        assertThat(shares.mayKeepAll(A)).isTrue();
        shares.mayTake(B);
        for (int i = 0; i < 16; i++) {
            shares.add(A, shares.mayKeepAll(A) ? 0 : -1);
            takeAll(B);
            assertThat(shares.mayKeepAll(B)).isTrue();
        }
        assertThat(shares.taken(A)).isEqualTo(8);
        assertThat(shares.taken(B)).isEqualTo(6);
        assertThat(shares.mayKeepAll(A)).isTrue();
    }

    @Test
    void once_there_is_a_second_client_an_eighth_is_left_to_those_below_their_share() {
        shares.mayTake(B);
        assertThat(takeAll(A)).isEqualTo(14);
        assertThat(takeAll(B)).isEqualTo(2);
        assertThat(shares.mayTake(A)).isFalse();
    }

    @Test
    void what_a_client_with_much_gives_back_goes_to_those_with_less_until_they_are_even() {
        shares.mayTake(B);
        takeAll(A);
        takeAll(B);
        for (int i = 0; i < 6; i++) {
            shares.add(A, -1);
            takeAll(B);
            takeAll(A);
        }
        assertThat(shares.taken(B)).isBetween(5, 8);
        assertThat(shares.taken(A)).isBetween(8, 10);
    }

    @Test
    void two_clients_that_want_all_leave_some_for_a_third() {
        shares.mayTake(B);
        while (shares.mayTake(A) || shares.mayTake(B)) {
            for (UUID client : List.of(A, B)) {
                if (shares.mayTake(client)) {
                    shares.add(client, 1);
                }
            }
        }
        assertThat(shares.taken()).isEqualTo(14);
        assertThat(takeAll(C)).isEqualTo(2);
    }

    @Test
    void of_one_permit_none_is_left_and_of_two_one() {
        Shares one = new Shares(1);
        one.mayTake(B);
        assertThat(one.mayTake(A)).isTrue();
        one.add(A, 1);
        assertThat(one.mayTake(B)).isFalse();
        Shares two = new Shares(2);
        two.mayTake(B);
        two.add(A, 1);
        assertThat(two.mayTake(A)).isFalse();
        assertThat(two.mayTake(B)).isTrue();
    }

    @Test
    void a_permit_that_is_given_back_twice_is_a_fault() {
        shares.add(A, 1);
        shares.add(A, -1);
        assertThatIllegalStateException().isThrownBy(() -> shares.add(A, -1));
    }

    @Test
    void of_permits_that_are_taken_at_random_each_free_one_is_for_a_client_that_holds_none() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<UUID, Integer> held = new HashMap<>();
        List<UUID> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(new UUID(1, i));
        }
        shares.mayTake(A);
        for (int i = 0; i < 10_000; i++) {
            UUID client = clients.get(random.nextInt(clients.size()));
            if (random.nextInt(4) > 0) {
                if (shares.mayTake(client)) {
                    shares.add(client, 1);
                    held.merge(client, 1, Integer::sum);
                }
            } else if (held.getOrDefault(client, 0) > 0) {
                shares.add(client, -1);
                held.merge(client, -1, Integer::sum);
            }
            assertThat(shares.taken())
                    .as("seed %d, step %d", seed, i)
                    .isEqualTo(held.values().stream().mapToInt(Integer::intValue).sum());
            assertThat(shares.mayTake(A))
                    .as("seed %d, step %d", seed, i)
                    .isEqualTo(shares.taken() < 16);
        }
    }
}
