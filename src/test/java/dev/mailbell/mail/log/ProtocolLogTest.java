package dev.mailbell.mail.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ProtocolLogTest {
    private static final String SECRET = "s3cret-word";

    private final List<ProtocolLogLine> live = new ArrayList<>();
    private final ProtocolLog log = new ProtocolLog(List.of(SECRET), () -> 0, live::add);

    private void sent(String text) {
        byte[] octets = text.getBytes(StandardCharsets.UTF_8);
        log.sent(octets, 0, octets.length);
    }

    private void received(String text) {
        byte[] octets = text.getBytes(StandardCharsets.UTF_8);
        log.received(octets, 0, octets.length);
    }

    private String said() {
        return log.lines().stream()
                .map(ProtocolLogLine::unstamped)
                .collect(Collectors.joining("\n"));
    }

    @Test
    void logins_are_redacted_in_each_protocol() {
        sent("a1 LOGIN ann other-word\r\n");
        received("a1 OK in\r\n");
        sent("a2 LOGIN {3}\r\n");
        received("+ go\r\n");
        sent("ann {10}\r\n");
        received("+ go\r\n");
        sent("other-word\r\n");
        received("* CAPABILITY IDLE\r\na2 OK in\r\n");
        sent("a3 AUTHENTICATE PLAIN b3RoZXI=\r\n");
        received("a3 NO\r\n");
        sent("USER ann\r\nPASS other-word\r\n");
        received("+OK\r\n+OK\r\n");
        sent("AUTH LOGIN\r\n");
        received("334 VXNlcm5hbWU6\r\n");
        sent("b3RoZXI=\r\n");
        received("235 welcome\r\n");
        sent("NOOP\r\n");

        assertThat(said())
                .isEqualTo(
                        """
                        C: a1 LOGIN [redacted]
                        S: a1 OK in
                        C: a2 LOGIN [redacted]
                        S: + [challenge]
                        C: [redacted]
                        S: + [challenge]
                        C: [redacted]
                        S: * CAPABILITY IDLE
                        S: a2 OK in
                        C: a3 AUTHENTICATE PLAIN [redacted]
                        S: a3 NO
                        C: USER ann
                        C: PASS [redacted]
                        S: +OK
                        S: +OK
                        C: AUTH LOGIN
                        S: 334 [challenge]
                        C: [redacted]
                        S: 235 welcome
                        C: NOOP\
                        """
                                .stripIndent());
        assertThat(live).hasSize(20);
    }

    @Test
    void a_password_with_characters_that_end_a_line_elsewhere_is_redacted() {
        for (String end : List.of("\u0085", "\r", "\u2028", "\u2029", "\u000b")) {
            String other = "oth" + end + "er-word";
            sent("a1 LOGIN ann " + other + "\r\n");
            received("+ go " + other + "\r\na1 OK in\r\n");
            sent("PASS " + other + "\r\n");
            received("+OK\r\n");
            sent("APOP ann " + other + "\r\n");
            received("+OK\r\n");
            sent("a2 AUTHENTICATE PLAIN " + other + "\r\n");
            // The octet alone, as ISO 8859-1 has it.
            byte[] latin1 = ("AUTH PLAIN " + other + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
            received("a2 OK in\r\n");
            log.sent(latin1, 0, latin1.length);
            received("235 welcome\r\n");
        }
        assertThat(said()).contains("PASS [redacted]").doesNotContain("oth").doesNotContain("word");
    }

    @Test
    void a_secret_that_a_server_repeats_is_redacted() {
        received("-ERR wrong password " + SECRET + "\r\n");
        received("-ERR wrong password czNjcmV0LXdvcmQ=\r\n");
        assertThat(said()).doesNotContain(SECRET).doesNotContain("czNj").contains("[redacted]");
    }

    @Test
    void control_characters_do_not_reach_the_terminal() {
        received("+OK \u001b[2J\u009b31m\u0007\u202eevil\r\n");
        received("+OK a\rb\u0000c\r\n");
        assertThat(said()).isEqualTo("S: +OK [2J 31m evil\nS: +OK a b c");
    }

    @Test
    void a_flood_is_counted_and_not_kept() {
        for (int i = 0; i < 5_000; i++) {
            received("* " + i + " EXISTS\r\n");
        }
        assertThat(log.lines()).hasSize(2_001);
        assertThat(log.lines().getLast().text()).isEqualTo("3000 lines more are not shown");
        assertThat(live).hasSize(2_000);
    }

    @Test
    void a_line_without_end_is_cut() {
        for (int i = 0; i < 1_000; i++) {
            received("x".repeat(1_000));
        }
        assertThat(said()).hasSizeLessThan(1_100).endsWith("…");
    }

    @Test
    void of_a_message_that_is_sent_the_headers_are_shown() {
        sent("DATA\r\n");
        received("354 go\r\n");
        sent("Subject: hello\r\n\r\n");
        sent("one\r\n..two\r\n".repeat(500));
        sent(".\r\n");
        received("250 queued\r\n");
        sent("QUIT\r\n");
        assertThat(said())
                .isEqualTo(
                        """
                        C: DATA
                        S: 354 go
                        C: Subject: hello
                        C: . (after 1001 lines more)
                        S: 250 queued
                        C: QUIT\
                        """
                                .stripIndent());
    }
}
