package dev.mailbell.mail.pop3;

import static dev.mailbell.mail.pop3.Pop3Kit.LONG;
import static dev.mailbell.mail.pop3.Pop3Kit.check;
import static dev.mailbell.mail.pop3.Pop3Kit.key;
import static dev.mailbell.mail.pop3.Pop3Kit.login;
import static dev.mailbell.mail.pop3.Pop3Kit.sessions;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.Pop3Observation.Full;
import dev.mailbell.detection.Pop3Observation.Tail;
import dev.mailbell.detection.Pop3Observation.Unchanged;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Very much, and very wrong. */
class Pop3LimitsTest {
    /** {@code -Dmailbell.fuzz=1000000} for a long run. */
    private static final int ROUNDS = Integer.getInteger("mailbell.fuzz", 3_000);

    private static final String LOGIN =
            """
            +OK ready
            +OK
            USER
            PIPELINING
            UIDL
            .
            +OK
            +OK welcome
            +OK
            PIPELINING
            UIDL
            LOGIN-DELAY 60
            .
            """;
    private static final Pop3Mark MARK = new Pop3Mark(3, 600, "u1", "u3", false);
    private static final String LISTED =
            "+OK\n1 u1\n2 u4\n3 u3\n4 u5\n.\n+OK\n1 100\n2 200\n3 300\n4 40\n.\n";
    private static final List<String> ANSWERS =
            List.of(
                    "+OK 3 600\n+OK 3 u3\n+OK 1 u1\n",
                    "+OK 5 1500\n+OK 3 u3\n+OK 1 u1\n+OK 4 u4\n+OK 4 400\n+OK 5 u5\n+OK 5 500\n",
                    "+OK 4 640\n+OK 3 x\n-ERR\n" + LISTED);
    private static final String BYE = "+OK bye\n";

    @Test
    void a_million_messages_are_listed() throws IOException {
        int count = 1_000_000;
        String padding = "-".repeat(40);
        try (BlindServer server = new BlindServer()) {
            server.answerWith(out -> {
                say(out, LOGIN);
                say(out, "+OK " + count + " " + 100L * count + "\n+OK\n");
                for (int i = 1; i <= count; i++) {
                    say(out, i + " " + i + padding + "\n");
                }
                say(out, ".\n+OK\n");
                for (int i = 1; i <= count; i++) {
                    say(out, i + " 100\n");
                }
                say(out, ".\n" + BYE);
            });
            // The million takes seconds of a core, and minutes of a busy one.
            Deadline deadline = Deadline.after(Duration.ofMinutes(10));
            try (MailSession session = sessions().open(login(server.port()), deadline)) {
                Full seen = (Full) check(session, null);
                assertThat(seen.mark())
                        .isEqualTo(
                                new Pop3Mark(
                                        count,
                                        100L * count,
                                        "1" + padding,
                                        count + padding,
                                        false));
                assertThat(seen.messages().keys()[777_776]).isEqualTo(key("777777" + padding));
            }
        }
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(text.replace("\n", "\r\n").getBytes(ISO_8859_1));
    }

    /** Whatever a server says, a check ends with a sound observation or one of the failures. */
    @Test
    @Timeout(3_600)
    void mutated_answers_end_in_an_observation_or_a_failure() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int sound = 0;
        try (BlindServer server = new BlindServer()) {
            for (int round = 0; round < ROUNDS; round++) {
                String answers = ANSWERS.get(random.nextInt(ANSWERS.size()));
                byte[] said = mutated(LOGIN + answers + BYE, random);
                server.answerWith(out -> out.write(said));
                String where =
                        "seed " + seed + ", round " + round + ": " + new String(said, ISO_8859_1);
                Deadline deadline = Deadline.after(LONG);
                try (MailSession session = sessions().open(login(server.port()), deadline)) {
                    assertSound(check(session, MARK), where);
                    sound++;
                } catch (MailFailure expected) {
                    assertThat(expected.getMessage()).as(where).isNotBlank();
                } catch (RuntimeException e) {
                    throw new AssertionError(where, e);
                }
                assertThat(deadline.remaining()).as(where).isGreaterThan(Duration.ofSeconds(5));
            }
        }
        assertThat(sound).as("seed " + seed).isBetween(1, ROUNDS - 1);
    }

    private static void assertSound(Pop3Observation seen, String where) {
        switch (seen) {
            case Unchanged() -> {}
            case Tail(Pop3Mark mark, var messages) -> {
                long octets = MARK.octets();
                for (int size : messages.sizes()) {
                    octets += size;
                }
                assertThat(mark.octets()).as(where).isEqualTo(octets);
                assertThat(mark.total()).as(where).isEqualTo(MARK.total() + messages.size());
            }
            case Full(Pop3Mark mark, var messages, var sizes) -> {
                assertThat(messages.size()).as(where).isEqualTo(mark.total());
                assertThat(messages.numbers()).as(where).isSorted().doesNotHaveDuplicates();
            }
        }
    }

    private static byte[] mutated(String text, Random random) {
        StringBuilder said = new StringBuilder(text.replace("\n", "\r\n"));
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(said.length());
            int to = Math.min(said.length(), at + 1 + random.nextInt(12));
            switch (random.nextInt(7)) {
                case 0 -> said.setCharAt(at, (char) random.nextInt(256));
                case 1 -> said.delete(Math.max(1, at), to);
                case 2 -> said.insert(at, said.substring(at, to));
                case 3 -> said.insert(at, random.nextLong());
                case 4 -> said.insert(at, "\r\n");
                case 5 -> said.insert(at, String.valueOf((char) random.nextInt(256)).repeat(9_000));
                default -> said.setLength(Math.max(1, at));
            }
        }
        return said.toString().getBytes(ISO_8859_1);
    }
}
