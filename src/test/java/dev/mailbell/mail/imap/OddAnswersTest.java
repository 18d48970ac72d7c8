package dev.mailbell.mail.imap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Change.Kind;
import dev.mailbell.mail.PushSession.Wake;
import dev.mailbell.mail.imap.ImapKit.TrackedMailbox;
import dev.mailbell.mail.imap.OddImap.AnswerStyle;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Servers that are right about their messages and say so in odd ways: each arrival is counted once,
 * by polling and on a kept session, with few commands.
 */
class OddAnswersTest {
    /** The maximum number of commands; a check that tries every proof sends fewer. */
    private static final int COMMANDS_OF_A_CHECK = 30;

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.mailbell.mail.imap.OddAnswers#servers")
    void each_arrival_is_counted_once_by_polling(
            String name, String capabilities, AnswerStyle style) throws IOException {
        try (OddImap server = new OddImap(capabilities, style)) {
            TrackedMailbox inbox = new TrackedMailbox("INBOX");
            ImapSessions sessions = ImapKit.sessions();
            server.arrive(3);
            int[] arrivals = {0, 2, 0, 1, 0, 0, 3};
            List<Integer> counts = new ArrayList<>();
            for (int i = 0; i < arrivals.length; i++) {
                server.arrive(arrivals[i]);
                if (i == 3 || i == 5) {
                    server.removeFirst();
                }
                int before = server.commands();
                try (ImapSession session =
                        sessions.open(ImapKit.login(server.port()), Deadline.after(ImapKit.LONG))) {
                    counts.add(counted(inbox.check(session)));
                }
                assertThat(server.commands() - before)
                        .as(server.transcript())
                        .isLessThan(COMMANDS_OF_A_CHECK);
            }
            assertThat(counts).as(server.transcript()).containsExactly(0, 2, 0, 1, 0, 0, 3);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.mailbell.mail.imap.OddAnswers#servers")
    void each_arrival_is_counted_once_on_a_kept_session(
            String name, String capabilities, AnswerStyle style) throws IOException {
        try (OddImap server = new OddImap(capabilities, style)) {
            TrackedMailbox inbox = new TrackedMailbox("INBOX");
            server.arrive(3);
            try (ImapSession session =
                    ImapKit.sessions()
                            .open(ImapKit.login(server.port()), Deadline.after(ImapKit.LONG))) {
                session.push(List.of("INBOX"));
                int counted = counted(inbox.check(session));
                int arrived = 0;
                for (int arrivals : new int[] {2, 1, 3, 1}) {
                    server.arrive(arrivals);
                    if (arrivals == 1) {
                        server.removeFirst();
                    }
                    int before = server.commands();
                    assertThat(session.await(hint -> Optional.of(Duration.ZERO)))
                            .as(server.transcript())
                            .isEqualTo(Wake.CHANGED);
                    arrived += arrivals;
                    counted += counted(inbox.check(session));
                    assertThat(counted).as(server.transcript()).isLessThanOrEqualTo(arrived);
                    assertThat(server.commands() - before)
                            .as(server.transcript())
                            .isLessThan(COMMANDS_OF_A_CHECK);
                }
                // A server may report mail only in the next check.
                counted += counted(inbox.check(session));
                assertThat(counted).as(server.transcript()).isEqualTo(arrived);
            }
            assertThat(server.logins()).isEqualTo(1);
        }
    }

    /**
     * The same lie at every question of every check: the next more expensive proof refutes it. A
     * lie that hides messages from the baseline alone makes them new once they are shown.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.mailbell.mail.imap.OddAnswers#liars")
    void a_lie_that_stays_the_same_hides_no_mail(
            String name, String capabilities, AnswerStyle style) throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        AtomicBoolean lies = new AtomicBoolean(random.nextBoolean());
        int hidden = lies.get() ? 9 : 0;
        AnswerStyle answers = (command, lines) -> lies.get() ? style.apply(command, lines) : lines;
        try (OddImap server = new OddImap(capabilities, answers)) {
            TrackedMailbox inbox = new TrackedMailbox("INBOX");
            ImapSessions sessions = ImapKit.sessions();
            server.arrive(9);
            int arrived = 0;
            int removed = 0;
            int counted = 0;
            for (int i = 0; i < 25; i++) {
                int shown = 9 + arrived;
                if (i > 0 && random.nextInt(3) > 0) {
                    int more = random.nextInt(4);
                    server.arrive(more);
                    arrived += more;
                }
                // A message that goes before a check has seen it is not counted.
                if (i > 0 && removed < shown && random.nextInt(3) == 0) {
                    server.removeFirst();
                    removed++;
                }
                try (ImapSession session =
                        sessions.open(ImapKit.login(server.port()), Deadline.after(ImapKit.LONG))) {
                    counted += counted(inbox.check(session));
                }
                assertThat(counted)
                        .as("seed %d, check %d: %s", seed, i, server.transcript())
                        .isLessThanOrEqualTo(arrived + hidden);
                lies.set(true);
            }
            server.arrive(1);
            try (ImapSession session =
                    sessions.open(ImapKit.login(server.port()), Deadline.after(ImapKit.LONG))) {
                counted += counted(inbox.check(session));
            }
            assertThat(counted)
                    .as("seed %d: %s", seed, server.transcript())
                    .isBetween(arrived + 1, arrived + 1 + hidden);
        }
    }

    private static int counted(Change change) {
        assertThat(change.kind()).isNotEqualTo(Kind.RESET);
        return change.newCount();
    }
}
