package dev.mailbell.mail.imap;

import static dev.mailbell.mail.imap.ImapKit.GOODBYE;
import static dev.mailbell.mail.imap.ImapKit.OLD;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.scripted.ScriptedServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that would take the daemon's memory or time: a check ends, and it costs little. */
class HostileServersTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final String EXAMINE = OLD + "C: {tag} EXAMINE INBOX\n";
    private static final String SEARCH =
            """
            C: {tag} STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)
            S: * STATUS INBOX (MESSAGES 5 UIDNEXT 12 UIDVALIDITY 7)
            S: {tag} OK done
            C: {tag} EXAMINE INBOX
            S: * 5 EXISTS
            S: * OK [UIDVALIDITY 7] ok
            S: {tag} OK done
            C: {tag} UID SEARCH UID 10:4294967295
            """;

    private static Object check(ImapSession session) {
        return session.observe(ImapKit.check(new ImapMark(7, 10, 3, 9)));
    }

    private static void assertTimesOut(String script, Function<ImapSession, Object> use) {
        FailureCode code =
                ScriptedServer.inTime(time -> {
                    try {
                        return code(script, time, 4, use);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
        assertThat(code).isEqualTo(FailureCode.TIMEOUT);
    }

    private static FailureCode code(
            String script, Duration time, long megabytes, Function<ImapSession, Object> use)
            throws IOException {
        // Once for what a first time costs.
        ImapKit.failing("S: * BYE\n! drop", use);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        MailFailure failure = ImapKit.failing(script, time, use);
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
                .as("octets allocated")
                .isLessThan(megabytes << 20);
        return failure.code();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "* 1 FETCH (ENVELOPE {2147483000}",
                "* 1 FETCH (ENVELOPE {99999999999999999999}",
                "* LIST () \"/\" {2147483000}"
            })
    void a_literal_is_not_allocated_before_it_comes(String line) throws IOException {
        assertThat(
                        code(
                                EXAMINE + "S: " + line + "\n! silence\n",
                                ImapKit.LONG,
                                4,
                                ImapKit::baseline))
                .isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "* ", "* 1 EXISTS ", "(", "\\\\x00"})
    void an_endless_line_is_not_read_to_its_end(String octets) throws IOException {
        String escaped = octets.replace("\\\\", "\\");
        assertThat(
                        code(
                                EXAMINE + "! forever " + escaped + "\n",
                                ImapKit.LONG,
                                4,
                                ImapKit::baseline))
                .isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @Test
    void an_endless_greeting_is_not_read_to_its_end() throws IOException {
        assertThat(code("! forever x\n", ImapKit.LONG, 4, ImapKit::baseline))
                .isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @Test
    void an_endless_search_ends_at_its_limit() throws IOException {
        assertThat(
                        code(
                                OLD + SEARCH + "! raw * SEARCH 1\n! forever \\x20123456789\n",
                                ImapKit.LONG,
                                96,
                                HostileServersTest::check))
                .isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @Test
    void endless_lines_end() throws IOException {
        assertThat(
                        code(
                                EXAMINE + "! forever * 3 RECENT\\r\\n\n",
                                ImapKit.LONG,
                                256,
                                ImapKit::baseline))
                .isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @Test
    void a_mailbox_of_two_thousand_million_messages_costs_nothing() throws IOException {
        String fetch = "C: {tag} FETCH 2147483000 (UID)\nS: {tag} OK done\n";
        String noop = "C: {tag} NOOP\nS: {tag} OK done\n";
        assertThat(
                        code(
                                EXAMINE
                                        + "S: * 2147483000 EXISTS\nS: * OK [UIDVALIDITY 7] x\n"
                                        + "S: {tag} OK done\n"
                                        + fetch
                                        + noop
                                        + fetch
                                        + noop
                                        + fetch
                                        + noop
                                        + "C: {tag} UID FETCH 1:* (UID)\nS: {tag} OK done\n"
                                        + "C: {tag} UID SEARCH UID 1:4294967295\n"
                                        + "S: {tag} OK done\n"
                                        + GOODBYE,
                                ImapKit.LONG,
                                4,
                                ImapKit::baseline))
                .isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @Test
    void a_search_that_finds_four_thousand_million_messages_is_not_believed() throws IOException {
        String modern =
                ImapKit.MODERN + SEARCH.replace("UID SEARCH", "UID SEARCH RETURN (ALL COUNT)");
        assertThat(
                        code(
                                modern
                                        + "S: * ESEARCH UID ALL 1:4294967295\nS: {tag} OK done\n"
                                        + "C: {tag} UID SEARCH UID 10:4294967295\n"
                                        + "S: * SEARCH\nS: * VANISHED 1:2\nS: {tag} BAD no\n"
                                        + "C: {tag} UID FETCH 10:* (UID)\nS: {tag} BAD no\n"
                                        + "C: {tag} UID FETCH 1:* (UID)\nS: {tag} BAD no\n"
                                        + GOODBYE,
                                ImapKit.LONG,
                                4,
                                HostileServersTest::check))
                .isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "S: * OK [CAPABILITY IMAP4rev1] hi\nC: {tag} LOGIN {*}\n",
                "S: * OK [CAPABILITY IMAP4rev1 ID] hi\nC: {tag} ID {*}\n"
            })
    void silence_ends_at_the_deadline(String start) throws IOException {
        assertTimesOut(start + "! silence\n", ImapKit::baseline);
    }

    @Test
    void silence_and_drips_in_a_check_end_at_the_deadline() throws IOException {
        for (String end :
                new String[] {"! silence\n", "! drip 20 " + "* OK hm ".repeat(200) + "\n"}) {
            assertTimesOut(EXAMINE + end, ImapKit::baseline);
            assertTimesOut(OLD + SEARCH + end, HostileServersTest::check);
        }
    }

    @Test
    void a_server_that_drops_in_the_middle_of_an_answer_has_hung_up() throws IOException {
        for (String part :
                new String[] {
                    "* SEARCH 10 1",
                    "* SEARCH 10 11\\r\\n",
                    "* 5 EXISTS\\r",
                    "* 1 FETCH (X {9}\\r\\nabc"
                }) {
            assertThat(
                            code(
                                    OLD + SEARCH + "! raw " + part + "\n! drop\n",
                                    ImapKit.LONG,
                                    4,
                                    HostileServersTest::check))
                    .isEqualTo(FailureCode.CONNECT_FAILED);
        }
    }

    @Test
    void a_goodbye_that_is_not_answered_ends() throws IOException {
        ImapKit.playing(OLD + "C: {tag} LOGOUT\n! silence\n", ImapSession::capabilities);
    }
}
