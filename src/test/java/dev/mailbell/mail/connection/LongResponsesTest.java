package dev.mailbell.mail.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.mail.connection.LongResponses.Turn;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class LongResponsesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final int SMALL = 1_000;

    /** Two cores: one of them for long answers. */
    private final LongResponses answers = new LongResponses(2, System::nanoTime);

    private static boolean reads(Turn turn, int octets) throws Exception {
        return turn.begin(octets, Deadline.after(PATIENCE));
    }

    private Turn flooded() throws Exception {
        Turn flood = answers.turn();
        assertThat(reads(flood, LongResponses.FREE + 1)).isTrue();
        return flood;
    }

    @Test
    void a_check_that_reads_little_waits_for_no_flood() throws Exception {
        flooded();
        Turn usual = answers.turn();
        for (int read = 0; read < LongResponses.FREE / SMALL; read++) {
            assertThat(reads(usual, SMALL)).isTrue();
        }
        usual.restart();
        assertThat(reads(usual, LongResponses.FREE)).isTrue();
    }

    @Test
    void of_two_that_read_much_one_is_parsed_at_a_time() throws Exception {
        Turn first = flooded();
        Turn second = answers.turn();
        FutureTask<Boolean> reading = new FutureTask<>(() -> reads(second, LongResponses.FREE + 1));
        Thread thread = Thread.ofVirtual().start(reading);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        first.end();
        assertThat(reading.get()).isTrue();
        second.end();
        assertThat(reads(first, SMALL)).isTrue();
    }

    @Test
    void a_turn_is_waited_for_no_longer_than_the_deadline() throws Exception {
        Turn first = flooded();
        Turn second = answers.turn();
        assertThat(second.begin(LongResponses.FREE + 1, Deadline.after(Duration.ZERO))).isFalse();
        second.end();
        first.end();
        first.end();
        assertThat(flooded()).isNotNull();
        assertThat(second.begin(SMALL, Deadline.after(Duration.ZERO)))
                .as("ending twice gives back one turn")
                .isFalse();
    }

    @Test
    void answers_without_end_share_one_turn_of_their_own() throws Exception {
        Turn endless = answers.turn();
        assertThat(reads(endless, LongResponses.USUAL + 1)).isTrue();
        Turn listing = flooded();
        assertThat(answers.turn().begin(LongResponses.USUAL + 1, Deadline.after(Duration.ZERO)))
                .isFalse();
        endless.pause();
        assertThat(reads(answers.turn(), LongResponses.USUAL + 1)).isTrue();
        listing.pause();
        assertThat(reads(listing, SMALL)).isTrue();
    }
}
