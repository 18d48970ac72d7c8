package dev.mailbell.mail.pop3;

import static dev.mailbell.mail.pop3.Pop3Kit.GOODBYE;
import static dev.mailbell.mail.pop3.Pop3Kit.PIPELINED;
import static dev.mailbell.mail.pop3.Pop3Kit.PLAIN;
import static dev.mailbell.mail.pop3.Pop3Kit.played;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mailbell.mail.Envelope;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Pop3EnvelopesTest {
    private static Envelope parsed(String header, Charset charset) {
        return HeaderParser.parse("u", header.replace("\n", "\r\n").getBytes(charset));
    }

    private static Envelope parsed(String header) {
        return parsed(header, StandardCharsets.UTF_8);
    }

    private static List<Envelope> fetched(String script, List<Long> messages) {
        return played(script, session -> session.envelopes(messages));
    }

    @Test
    void headers_are_fetched_in_one_flight_without_bodies() {
        String script =
                PIPELINED
                        + """
                        C: TOP 7 0
                        C: UIDL 7
                        C: TOP 9 0
                        C: UIDL 9
                        C: TOP 8 0
                        C: UIDL 8
                        S: +OK
                        S: From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>
                        S: Subject: =?utf-8?b?5L2g5aW9?=
                        ! raw \\x20 and more\\r\\n
                        S: Date: Fri, 20 Nov 2026 10:00:00 +0100
                        S:
                        S: .
                        S: +OK 7 u7
                        S: -ERR no such message
                        S: -ERR no such message
                        S: +OK
                        S: Subject: a server that ignores the 0
                        S:
                        S: Subject: not this
                        S: ..
                        S: .
                        S: +OK 8 u8
                        """
                        + GOODBYE;
        assertThat(fetched(script, List.of(7L, 9L, 8L)))
                .containsExactly(
                        new Envelope(
                                "u7",
                                "\"Jürgen\" <j@example.org>",
                                "你好 and more",
                                Instant.parse("2026-11-20T09:00:00Z")),
                        new Envelope("u8", null, "a server that ignores the 0", null));
    }

    @Test
    void a_server_without_uidl_or_top_has_no_names_or_no_envelopes() {
        String script =
                PLAIN
                        + "C: TOP 1 0\nS: +OK\nS: Subject: x\nS: .\nC: UIDL 1\nS: -ERR\n"
                        + "C: TOP 2 0\nS: -ERR\nC: UIDL 2\nS: -ERR\n"
                        + GOODBYE;
        assertThat(fetched(script, List.of(1L, 2L)))
                .containsExactly(new Envelope("", null, "x", null));
    }

    @Test
    void an_enormous_header_is_cut_and_the_session_goes_on() {
        String script =
                PIPELINED
                        + """
                        C: TOP 1 0
                        C: UIDL 1
                        S: +OK
                        S: Subject: before
                        ! repeat 100000 x
                        ! raw \\r\\n
                        ! repeat 5000 X-Filler: yes\\r\\n
                        S:
                        S: .
                        S: +OK 1 u1
                        """
                        + GOODBYE;
        assertThat(fetched(script, List.of(1L)))
                .containsExactly(new Envelope("u1", null, "before", null));
    }

    @Test
    void more_than_20_or_no_message_number_is_the_callers_fault() {
        played(
                PLAIN + GOODBYE,
                session -> {
                    assertThatIllegalArgumentException()
                            .isThrownBy(() -> session.envelopes(Collections.nCopies(21, 1L)));
                    assertThatIllegalArgumentException()
                            .isThrownBy(() -> session.envelopes(List.of(0L)));
                    return session.envelopes(List.of());
                });
    }

    @Test
    void octets_without_a_charset_are_utf_8_or_gbk_or_latin_1() {
        assertThat(parsed("Subject: 你好\nFrom: 张三 <z@example.org>\n"))
                .isEqualTo(new Envelope("u", "\"张三\" <z@example.org>", "你好", null));
        assertThat(parsed("Subject: 你好吗\n", Charset.forName("GBK")).subject()).isEqualTo("你好吗");
        assertThat(parsed("Subject: \u00ff\u00ff\u00ff\n", StandardCharsets.ISO_8859_1).subject())
                .isEqualTo("ÿÿÿ");
    }

    @Test
    void an_encoded_comma_makes_no_second_sender() {
        assertThat(parsed("From: =?utf-8?q?Doe=2C_Jane?= <jane@example.org>\n").from())
                .isEqualTo("\"Doe, Jane\" <jane@example.org>");
        assertThat(parsed("From: a@example.org, B <b@example.org>\n").from())
                .isEqualTo("a@example.org, B <b@example.org>");
    }

    @Test
    void garbage_is_shown_as_it_is_or_left_out() {
        assertThat(parsed("From: <<>>,@\nSubject: =?x-none?q?a?=\nDate: yesterday\n"))
                .isEqualTo(new Envelope("u", "<<>, @", "=?x-none?q?a?=", null));
        assertThat(parsed("Subject: a\u0000b\u001b[31m\u202ec\n").subject())
                .isEqualTo("a b [31m c");
        assertThat(parsed("Subject:\nFrom:\nDate: Fri, 20 Nov 99999 10:00:00 +0000\n"))
                .isEqualTo(new Envelope("u", null, null, null));
        assertThat(parsed("no header at all").subject()).isNull();
    }

    @Test
    void no_header_whatever_makes_the_parser_throw() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String alphabet = "=?utf-8?bq?= <>@,;:\"\\()[]\r\n\t\u0000\u00e4\u00ff%.aZ09+/";
        for (int round = 0; round < 4_000; round++) {
            StringBuilder text = new StringBuilder();
            for (String name : List.of("From: ", "Subject: ", "Date: ")) {
                text.append(name);
                int length = random.nextInt(40);
                for (int i = 0; i < length; i++) {
                    text.append(alphabet.charAt(random.nextInt(alphabet.length())));
                }
                text.append("\r\n");
            }
            byte[] header = text.toString().getBytes(StandardCharsets.ISO_8859_1);
            try {
                Envelope envelope = HeaderParser.parse("u", header);
                assertThat(envelope.uid()).isEqualTo("u");
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + text, e);
            }
        }
    }

    @Test
    void a_uid_on_a_line_of_its_own_is_taken_as_well() {
        String script =
                PIPELINED
                        + "C: TOP 1 0\nC: UIDL 1\nC: TOP 2 0\nC: UIDL 2\n"
                        + "S: +OK\nS: Subject: one\nS:\nS: .\n! raw +OK\\r\\n1 u1\\r\\n.\\r\\n\n"
                        + "S: +OK\nS: Subject: two\nS:\nS: .\nS: +OK 2 u2\n"
                        + GOODBYE;
        List<Envelope> envelopes = played(script, session -> session.envelopes(List.of(1L, 2L)));
        assertThat(envelopes).extracting(Envelope::uid).containsExactly("u1", "u2");
    }
}
