package dev.mailbell.mail.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.mail.connection.LongResponses.Permit;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LongResponsesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final int SMALL = 1_000;

    /** Two cores: one of them for long answers. */
    private final LongResponses answers = new LongResponses(2, System::nanoTime);

    private static boolean reads(Permit permit, int octets) throws Exception {
        return permit.begin(octets, Deadline.after(PATIENCE));
    }

    private Permit flooded() throws Exception {
        Permit flood = answers.permit();
        assertThat(reads(flood, LongResponses.FREE + 1)).isTrue();
        return flood;
    }

    @Test
    void a_check_that_reads_little_waits_for_no_flood() throws Exception {
        flooded();
        Permit usual = answers.permit();
        for (int read = 0; read < LongResponses.FREE / SMALL; read++) {
            assertThat(reads(usual, SMALL)).isTrue();
        }
        usual.restart();
        assertThat(reads(usual, LongResponses.FREE)).isTrue();
    }

    @Test
    void of_two_that_read_much_one_is_parsed_at_a_time() throws Exception {
        Permit first = flooded();
        Permit second = answers.permit();
        FutureTask<Boolean> reading = new FutureTask<>(() -> reads(second, LongResponses.FREE + 1));
        Thread thread = Thread.ofVirtual().start(reading);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        first.end();
        assertThat(reading.get()).isTrue();
        second.end();
        assertThat(reads(first, SMALL)).isTrue();
    }

    @Test
    void a_permit_is_awaited_no_longer_than_the_deadline() throws Exception {
        Permit first = flooded();
        Permit second = answers.permit();
        assertThat(second.begin(LongResponses.FREE + 1, Deadline.after(Duration.ZERO))).isFalse();
        second.end();
        first.end();
        first.end();
        assertThat(flooded()).isNotNull();
        assertThat(second.begin(SMALL, Deadline.after(Duration.ZERO)))
                .as("ending twice gives back one permit")
                .isFalse();
    }

    @Test
    void endless_answers_share_one_permit_of_their_own() throws Exception {
        Permit endless = answers.permit();
        assertThat(reads(endless, LongResponses.USUAL + 1)).isTrue();
        Permit listing = flooded();
        assertThat(answers.permit().begin(LongResponses.USUAL + 1, Deadline.after(Duration.ZERO)))
                .isFalse();
        endless.pause(() -> false);
        assertThat(reads(answers.permit(), LongResponses.USUAL + 1)).isTrue();
        listing.pause(() -> false);
        assertThat(reads(listing, SMALL)).isTrue();
    }

    @Test
    void a_thread_whose_octets_are_there_keeps_its_permit_for_a_slice() throws Exception {
        AtomicLong now = new AtomicLong();
        LongResponses timed = new LongResponses(2, now::get);
        Permit flood = timed.permit();
        Permit other = timed.permit();
        assertThat(reads(flood, LongResponses.FREE + 1)).isTrue();
        now.addAndGet(LongResponses.SLICE / 2);
        flood.pause(() -> true);
        assertThat(other.begin(LongResponses.FREE + 1, Deadline.after(Duration.ZERO)))
                .as("half of its slice is left")
                .isFalse();
        assertThat(reads(flood, SMALL)).isTrue();
        now.addAndGet(LongResponses.SLICE / 2);
        flood.pause(() -> true);
        assertThat(reads(other, SMALL)).as("its slice is over").isTrue();
    }

    @Test
    void a_thread_that_must_wait_for_octets_keeps_no_permit() throws Exception {
        Permit flood = flooded();
        flood.pause(() -> false);
        assertThat(reads(answers.permit(), LongResponses.FREE + 1)).isTrue();
    }
}
