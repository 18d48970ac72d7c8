package dev.mailbell.detection.messages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.messages.KnownMessages.Difference;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Ten messages of different sizes, all of which get new UIDs. */
class RenamedMessagesTest {
    private static final int COUNT = 10;

    private final KnownMessages known = KnownMessages.none().listed(listing(0, 0)).next();

    /** Messages with the sizes 1,000, 1,100, … plus {@code growth}. */
    private static MessageListing listing(long firstKey, int growth) {
        return new MessageListing(
                IntStream.rangeClosed(1, COUNT).toArray(),
                IntStream.range(0, COUNT).mapToLong(i -> firstKey + i).toArray(),
                IntStream.range(0, COUNT).map(i -> 1_000 + 100 * i + growth).toArray());
    }

    private static Function<int[], Arrival[]> all(Arrival arrival) {
        return indexes -> {
            Arrival[] arrivals = new Arrival[indexes.length];
            Arrays.fill(arrivals, arrival);
            return arrivals;
        };
    }

    @Test
    void equal_sizes_prove_renamed_messages_where_no_header_contradicts() {
        MessageListing now = listing(100, 0);
        Difference difference = known.listed(now);
        RenamedMessages renamed = new RenamedMessages(known, difference, now);
        assertThat(difference.fresh()).hasSize(COUNT);
        assertThat(renamed.hasSameSize()).isTrue();
        renamed.prove(all(Arrival.UNKNOWN));
        assertThat(renamed.isProvedBySizes()).isTrue();
        assertThat(renamed.leftOut(difference).fresh()).isEmpty();
        assertThat(renamed.leftOut(difference).survivors()).isEqualTo(COUNT);
    }

    @Test
    void messages_that_arrived_since_the_last_check_are_new_whatever_their_sizes() {
        MessageListing now = listing(100, 0);
        Difference difference = known.listed(now);
        RenamedMessages renamed = new RenamedMessages(known, difference, now);
        renamed.prove(all(Arrival.SINCE));
        assertThat(renamed.isProvedBySizes()).isFalse();
        assertThat(renamed.isEmpty()).isTrue();
    }

    @Test
    void nearly_equal_sizes_need_the_time_of_arrival_as_proof() {
        MessageListing now = listing(100, 20);
        Difference difference = known.listed(now);
        RenamedMessages unproved = new RenamedMessages(known, difference, now);
        assertThat(unproved.isEmpty()).isFalse();
        assertThat(unproved.hasSameSize()).isFalse();
        unproved.prove(all(Arrival.UNKNOWN));
        assertThat(unproved.isEmpty()).isTrue();

        RenamedMessages proved = new RenamedMessages(known, difference, now);
        proved.prove(all(Arrival.BEFORE));
        assertThat(proved.leftOut(difference).fresh()).isEmpty();
    }

    @Test
    void a_renamed_message_stays_fetched() {
        KnownMessages fetched = known.allFetched();
        MessageListing now = listing(100, 0);
        Difference difference = fetched.listed(now);
        RenamedMessages renamed = new RenamedMessages(fetched, difference, now);
        renamed.prove(all(Arrival.BEFORE));
        assertThat(difference.next().unfetched()).isEqualTo(COUNT);
        assertThat(renamed.leftOut(difference).next().unfetched()).isZero();
    }
}
