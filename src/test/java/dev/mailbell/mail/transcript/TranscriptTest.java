package dev.mailbell.mail.transcript;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.transcript.TranscriptLine.Speaker;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What of a dialogue is shown: neither secrets nor messages, however the octets arrive. */
class TranscriptTest {
    private static final String PASSWORD = "corr3ct-horse/battery";
    private static final String SUBJECT = "the merger is off";

    /** One side's words: C and S for whole lines. */
    private record Said(char side, String text) {}

    private static List<Said> dialogue(String lines) {
        return lines.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .map(line -> new Said(line.charAt(0), line.length() > 3 ? line.substring(3) : ""))
                .toList();
    }

    /** Octets of one side in a row arrive in pieces as the dice want. */
    private static List<String> shown(Protocol protocol, List<Said> dialogue, Random random) {
        Transcript transcript = new Transcript(protocol, List.of(PASSWORD), () -> 0);
        for (int at = 0; at < dialogue.size(); ) {
            char side = dialogue.get(at).side();
            StringBuilder octets = new StringBuilder();
            while (at < dialogue.size() && dialogue.get(at).side() == side) {
                octets.append(dialogue.get(at++).text()).append("\r\n");
            }
            byte[] all = octets.toString().getBytes(StandardCharsets.UTF_8);
            for (int from = 0; from < all.length; ) {
                int count = Math.min(all.length - from, 1 + random.nextInt(40));
                if (side == 'C') {
                    transcript.sent(all, from, count);
                } else {
                    transcript.received(all, from, count);
                }
                from += count;
            }
        }
        return transcript.shown().lines().stream()
                .map(line ->
                        (line.speaker() == Speaker.CLIENT
                                        ? "C: "
                                        : line.speaker() == Speaker.SERVER ? "S: " : "N: ")
                                + line.text())
                .toList();
    }

    private static List<String> shown(Protocol protocol, String lines) {
        long seed = new Random().nextLong();
        List<Said> dialogue = dialogue(lines);
        List<String> once = shown(protocol, dialogue, new Random(seed));
        for (int i = 1; i < 30; i++) {
            assertThat(shown(protocol, dialogue, new Random(seed + i)))
                    .as("pieces by the seed %d", seed + i)
                    .isEqualTo(once);
        }
        String all = String.join("\n", once);
        assertThat(all).doesNotContainIgnoringCase(PASSWORD).doesNotContain(SUBJECT);
        assertThat(all).doesNotContain(base64(PASSWORD), base64("\0ann\0" + PASSWORD));
        return once;
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void a_login_is_shown_without_user_and_password() {
        assertThat(
                        shown(
                                Protocol.IMAP,
                                """
                                S: * OK [CAPABILITY IMAP4rev1] ready
                                C: A0 LOGIN "ann" "%s"
                                S: A0 NO [AUTHENTICATIONFAILED] wrong password
                                """
                                        .formatted(PASSWORD)))
                .containsExactly(
                        "S: * OK [CAPABILITY IMAP4rev1] ready",
                        "C: A0 LOGIN [user name and password not shown]",
                        "S: A0 NO [AUTHENTICATIONFAILED] wrong password");
    }

    @Test
    void a_login_in_literals_is_shown_as_one_line_whatever_is_in_the_literals() {
        // The password looks like a command that is shown.
        assertThat(
                        shown(
                                Protocol.IMAP,
                                """
                                C: A0 LOGIN {3}
                                S: + go on
                                C: ann {29}
                                S: + go on
                                C: A1 NOOP %s
                                S: A0 OK in
                                C: A1 NOOP
                                """
                                        .formatted(PASSWORD)))
                .containsExactly(
                        "C: A0 LOGIN [user name and password not shown]",
                        "S: + go on",
                        "S: + go on",
                        "S: A0 OK in",
                        "C: A1 NOOP");
    }

    @Test
    void a_literal_that_is_refused_does_not_hide_the_next_command() {
        assertThat(
                        shown(
                                Protocol.IMAP,
                                """
                                C: A0 LOGIN {3}
                                S: A0 BAD no literals
                                C: A1 CAPABILITY
                                """))
                .contains("C: A1 CAPABILITY");
    }

    @Test
    void no_payload_of_a_mechanism_is_shown() {
        String plain = base64("\0ann\0" + PASSWORD);
        assertThat(
                        shown(
                                Protocol.IMAP,
                                """
                                C: A0 AUTHENTICATE PLAIN %s
                                S: A0 NO no
                                C: A1 AUTHENTICATE CRAM-MD5
                                S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+
                                C: YW5uIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
                                S: * CAPABILITY IMAP4rev1
                                S: A1 OK in
                                C: A2 NOOP
                                """
                                        .formatted(plain)))
                .containsExactly(
                        "C: A0 AUTHENTICATE PLAIN [response not shown]",
                        "S: A0 NO no",
                        "C: A1 AUTHENTICATE CRAM-MD5",
                        "S: + [36 octets not shown]",
                        "C: [48 octets not shown]",
                        "S: * CAPABILITY IMAP4rev1",
                        "S: A1 OK in",
                        "C: A2 NOOP");
        assertThat(
                        shown(
                                Protocol.POP3,
                                """
                                S: +OK ready <1896.697170952@example.org>
                                C: AUTH PLAIN
                                S: +
                                C: %s
                                S: -ERR no
                                C: AUTH XOAUTH2 %s
                                S: + eyJzdGF0dXMiOiI0MDEifQ==
                                C:
                                S: -ERR [AUTH] no
                                C: USER ann
                                C: PASS %s
                                S: +OK
                                S: +OK in
                                C: APOP ann c4c9334bac560ecc979e58001b3e22fb
                                S: -ERR no
                                C: QUIT
                                S: +OK bye
                                """
                                        .formatted(plain, plain, PASSWORD)))
                .containsExactly(
                        "S: +OK ready <1896.697170952@example.org>",
                        "C: AUTH PLAIN",
                        "S: + [0 octets not shown]",
                        "C: [" + plain.length() + " octets not shown]",
                        "S: -ERR no",
                        "C: AUTH XOAUTH2 [response not shown]",
                        "S: + [24 octets not shown]",
                        "C: [0 octets not shown]",
                        "S: -ERR [AUTH] no",
                        "C: USER ann",
                        "C: PASS [not shown]",
                        "S: +OK",
                        "S: +OK in",
                        "C: APOP [not shown]",
                        "S: -ERR no",
                        "C: QUIT",
                        "S: +OK bye");
    }

    @Test
    void commands_that_are_not_known_are_counted() {
        assertThat(shown(Protocol.IMAP, "C: A0 XSECRET " + PASSWORD))
                .containsExactly("C: [32 octets not shown]");
        assertThat(shown(Protocol.POP3, "C: XPASS " + PASSWORD))
                .containsExactly("C: [27 octets not shown]");
    }

    @Test
    void a_server_that_repeats_the_password_is_not_quoted() {
        String backwards = new StringBuilder(PASSWORD).reverse().toString();
        List<String> lines =
                shown(
                        Protocol.IMAP,
                        """
                        S: * OK hello %s
                        S: * BAD %s
                        S: * BAD %s is not %s
                        S: %s
                        """
                                .formatted(
                                        PASSWORD,
                                        base64(PASSWORD),
                                        PASSWORD.toUpperCase(java.util.Locale.ROOT),
                                        backwards,
                                        PASSWORD));
        assertThat(lines).hasSize(4).allSatisfy(line -> assertThat(line).contains("[redacted]"));
    }

    @Test
    void nothing_of_a_message_is_shown() {
        assertThat(
                        shown(
                                Protocol.IMAP,
                                """
                                C: A0 UID FETCH 7 (UID ENVELOPE)
                                S: * 3 FETCH (UID 7 ENVELOPE ("Mon, 1 Jan 2026" "%s" NIL))
                                S: * 4 FETCH (FLAGS (\\Seen) INTERNALDATE "17-Jul-2026 02:44:25 -0700" RFC822.SIZE 4286)
                                S: * 5 FETCH (UID 9 BODY[HEADER] {19}
                                S: %s
                                S:  FLAGS ("%s"))
                                S: A0 OK done
                                """
                                        .formatted(SUBJECT, SUBJECT, SUBJECT)))
                .containsExactly(
                        "C: A0 UID FETCH 7 (UID ENVELOPE)",
                        "S: * 3 FETCH (UID 7 ENVELOPE [not shown]",
                        "S: * 4 FETCH (FLAGS (\\Seen) INTERNALDATE \"17-Jul-2026 02:44:25 -0700\" RFC822.SIZE 4286)",
                        "S: * 5 FETCH (UID 9 BODY [not shown]",
                        "S: A0 OK done");
        assertThat(
                        shown(
                                Protocol.POP3,
                                """
                                S: +OK ready
                                C: TOP 1 0
                                C: UIDL 1
                                S: +OK follows
                                S: Subject: %s
                                S: From: someone@example.org
                                S: .
                                S: +OK 1 uid-1
                                """
                                        .formatted(SUBJECT)))
                .containsExactly(
                        "S: +OK ready",
                        "C: TOP 1 0",
                        "C: UIDL 1",
                        "S: +OK follows",
                        "S: [2 lines of a message, 51 octets, not shown]",
                        "S: .",
                        "S: +OK 1 uid-1");
    }

    @Test
    void a_line_that_is_not_of_the_protocol_is_shown_by_its_beginning() {
        assertThat(shown(Protocol.IMAP, "S: HTTP/1.1 400 Bad Request"))
                .containsExactly("S: HTTP/1.1 400 Bad Request");
        assertThat(shown(Protocol.IMAP, "S: " + "é".repeat(60)))
                .containsExactly("S: " + "é".repeat(40) + " [40 octets not shown]");
    }

    @Test
    void of_a_long_list_the_beginning_is_shown() {
        StringBuilder listing = new StringBuilder("S: +OK\nC: UIDL\nS: +OK\n");
        for (int i = 1; i <= 5_000; i++) {
            listing.append("S: ").append(i).append(" uid\n");
        }
        listing.append("S: .\nC: QUIT\n");
        List<String> lines = shown(Protocol.POP3, dialogue(listing.toString()), new Random(1));
        assertThat(lines)
                .hasSize(26)
                .contains("S: 20 uid", "S: [4980 more lines]", "C: QUIT")
                .doesNotContain("S: 21 uid");
    }

    @Test
    void a_flood_is_bounded_and_its_end_is_there() {
        Transcript transcript = new Transcript(Protocol.IMAP, List.of(), () -> 0);
        for (int i = 0; i < 20_000; i++) {
            byte[] line =
                    ("* OK " + i + "x".repeat(i % 3_000) + "\r\n").getBytes(StandardCharsets.UTF_8);
            transcript.received(line, 0, line.length);
        }
        Transcript.Shown shown = transcript.shown();
        assertThat(shown.lines()).hasSizeLessThanOrEqualTo(501);
        assertThat(shown.lines().stream().mapToInt(line -> line.text().length()).sum())
                .isLessThan(70_000);
        assertThat(shown.omitted()).isEqualTo(20_000 + 1 - shown.lines().size());
        assertThat(shown.lines().getFirst().text()).isEqualTo("* OK 0");
        assertThat(shown.lines().getLast().text()).startsWith("* OK 19999x").contains("not shown");
        assertThat(shown.lines())
                .anySatisfy(line -> assertThat(line.text()).endsWith("lines are left out here"));
    }

    @Test
    void the_secret_of_a_login_is_known_once_it_connects() {
        Transcript transcript = new Transcript(Protocol.IMAP, List.of(), () -> 0);
        transcript.uses(
                new Login(
                        Protocol.IMAP,
                        "imap.example.org",
                        993,
                        Security.TLS,
                        "ann",
                        new Credential.AccessToken("ya29.t0ken-of-today"),
                        true,
                        null));
        byte[] said = "* OK ya29.t0ken-of-today\r\n".getBytes(StandardCharsets.UTF_8);
        transcript.received(said, 0, said.length);
        assertThat(transcript.shown().lines().getFirst().text()).isEqualTo("* OK [redacted]");
    }

    /** Whatever octets come in whatever order, no piece of the password's line is shown. */
    @Test
    void garbage_hides_nothing_and_reveals_nothing() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<String> words =
                List.of(
                        "A0 LOGIN ann " + PASSWORD,
                        "{5}",
                        "{21+}",
                        "* 1 FETCH (BODY[] {9}",
                        "+ ",
                        "A0 OK",
                        "A1 AUTHENTICATE PLAIN",
                        "PASS " + PASSWORD,
                        PASSWORD,
                        "TOP 1 0",
                        "+OK",
                        ".",
                        "DONE",
                        "* OK",
                        "\u0000\u0001",
                        "AUTH PLAIN",
                        "-ERR",
                        "\"");
        for (int round = 0; round < 2_000; round++) {
            Protocol protocol = random.nextBoolean() ? Protocol.IMAP : Protocol.POP3;
            List<Said> dialogue = new ArrayList<>();
            for (int i = random.nextInt(12); i >= 0; i--) {
                String text =
                        random.ints(1 + random.nextInt(3), 0, words.size())
                                .mapToObj(words::get)
                                .collect(Collectors.joining(" "));
                dialogue.add(new Said(random.nextBoolean() ? 'C' : 'S', text));
            }
            assertThat(String.join("\n", shown(protocol, dialogue, random)))
                    .as("round %d of the seed %d", round, seed)
                    .doesNotContain(PASSWORD);
        }
    }
}
