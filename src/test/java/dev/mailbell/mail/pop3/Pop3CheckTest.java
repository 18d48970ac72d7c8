package dev.mailbell.mail.pop3;

import static dev.mailbell.mail.pop3.Pop3Kit.GOODBYE;
import static dev.mailbell.mail.pop3.Pop3Kit.LONG;
import static dev.mailbell.mail.pop3.Pop3Kit.PIPELINED;
import static dev.mailbell.mail.pop3.Pop3Kit.PLAIN;
import static dev.mailbell.mail.pop3.Pop3Kit.assertListed;
import static dev.mailbell.mail.pop3.Pop3Kit.check;
import static dev.mailbell.mail.pop3.Pop3Kit.checked;
import static dev.mailbell.mail.pop3.Pop3Kit.failed;
import static dev.mailbell.mail.pop3.Pop3Kit.login;
import static dev.mailbell.mail.pop3.Pop3Kit.pipelined;
import static dev.mailbell.mail.pop3.Pop3Kit.played;
import static dev.mailbell.mail.pop3.Pop3Kit.request;
import static dev.mailbell.mail.pop3.Pop3Kit.sessions;
import static dev.mailbell.mail.pop3.Pop3Kit.timedOut;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.Pop3Observation.Full;
import dev.mailbell.detection.Pop3Observation.Tail;
import dev.mailbell.detection.Pop3Observation.Unchanged;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class Pop3CheckTest {
    private static final Pop3Mark MARK = new Pop3Mark(3, 600, "u1", "u3", false);
    private static final Pop3Mark EMPTY = new Pop3Mark(0, 0, null, null, false);
    private static final Pop3Mark BY_SIZE = new Pop3Mark(2, 300, null, null, true);

    /** The three commands of a check at {@link #MARK}. */
    private static final String ASK = "C: STAT\nC: UIDL 3\nC: UIDL 1\n";

    private static final String LIST_ALL = "C: UIDL\nC: LIST\n";

    private static Full full(Pop3Observation observation) {
        assertThat(observation).isInstanceOf(Full.class);
        return (Full) observation;
    }

    @Test
    void the_first_check_lists_everything_in_one_flight() {
        Full seen =
                full(
                        pipelined(
                                null,
                                """
                                C: STAT
                                C: UIDL
                                C: LIST
                                S: +OK 2 300
                                S: +OK
                                S: 1 u1
                                S: 2 u2
                                S: .
                                S: +OK 2 messages (300 octets)
                                S: 1 100
                                S: 2 200
                                S: .
                                """));
        assertThat(seen.mark()).isEqualTo(new Pop3Mark(2, 300, "u1", "u2", false));
        assertListed(seen.messages(), 1, "u1", 100, 2, "u2", 200);
    }

    @Test
    void nothing_new_is_proved_in_one_flight() {
        assertThat(pipelined(MARK, ASK + "S: +OK 3 600\nS: +OK 3 u3\nS: +OK 1 u1\n"))
                .isEqualTo(new Unchanged());
    }

    @Test
    void one_message_is_asked_for_once() {
        Pop3Mark one = new Pop3Mark(1, 100, "u1", "u1", false);
        assertThat(pipelined(one, "C: STAT\nC: UIDL 1\nS: +OK 1 100\nS: +OK 1 u1\n"))
                .isEqualTo(new Unchanged());
    }

    @Test
    void without_pipelining_each_command_waits_for_its_answer() {
        String script =
                PLAIN
                        + """
                        C: STAT
                        S: +OK 3 600
                        C: UIDL 3
                        S: +OK 3 u3
                        C: UIDL 1
                        S: +OK 1 u1
                        """;
        assertThat(checked(MARK, script)).isEqualTo(new Unchanged());
    }

    @Test
    void a_tail_whose_sizes_prove_it_is_enough() {
        Pop3Observation seen =
                pipelined(
                        MARK,
                        ASK
                                + """
                                S: +OK 5 1500
                                S: +OK 3 u3
                                S: +OK 1 u1
                                C: UIDL 4
                                C: LIST 4
                                C: UIDL 5
                                C: LIST 5
                                S: +OK 4 u4
                                S: +OK 4 400
                                S: +OK 5 u5
                                S: +OK 5 500
                                """);
        assertThat(seen)
                .asInstanceOf(type(Tail.class))
                .satisfies(tail -> {
                    assertThat(tail.mark()).isEqualTo(new Pop3Mark(5, 1500, "u1", "u5", false));
                    assertListed(tail.messages(), 4, "u4", 400, 5, "u5", 500);
                });
    }

    /** Summaries that differ from the mark, so that the whole maildrop must be listed. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                // as many deleted as came: number and even the top are as before
                "S: +OK 3 900\nS: +OK 3 u3\nS: +OK 1 u1\n",
                "S: +OK 3 600\nS: +OK 3 u4\nS: +OK 1 u1\n",
                "S: +OK 3 600\nS: +OK 3 u3\nS: +OK 1 u0\n",
                // a server that answers about another message, or not at all
                "S: +OK 3 600\nS: +OK 2 u3\nS: +OK 1 u1\n",
                "S: +OK 3 600\nS: -ERR no such message\nS: +OK 1 u1\n",
                "S: +OK 3 600\nS: +OK\nS: +OK 1 u1\n",
                "S: +OK 3 600\nS: +OK 3\nS: +OK 1 u1\n",
                "S: +OK 3 600\nS: +OK x y\nS: +OK 1 u1\n",
                // more, but what was there is not where it was
                "S: +OK 3 601\nS: +OK 3 u2\nS: +OK 1 u1\n",
                "S: +OK 3 599\nS: +OK 3 u3\nS: +OK 1 u1\n"
            })
    void what_does_not_match_in_every_part_is_listed(String answers) {
        int octets = Integer.parseInt(answers.substring(9, 12));
        Full seen =
                full(
                        pipelined(
                                MARK,
                                ASK
                                        + answers
                                        + """
                                        C: UIDL
                                        S: +OK
                                        S: 1 u1
                                        S: 2 u3
                                        S: 3 u4
                                        S: .
                                        """));
        assertThat(seen.mark()).isEqualTo(new Pop3Mark(3, octets, "u1", "u4", false));
        assertListed(seen.messages(), 1, "u1", -1, 2, "u3", -1, 3, "u4", -1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "S: +OK 4 u4\nS: +OK 4 399\n", // one of the old ones was replaced, too
                "S: -ERR\nS: +OK 4 400\n",
                "S: +OK 4 u4\nS: -ERR\n",
                "S: +OK 5 u4\nS: +OK 4 400\n",
                "S: +OK 4 u4\nS: +OK 5 400\n"
            })
    void a_tail_that_is_not_proved_is_listed(String answers) {
        Full seen =
                full(
                        pipelined(
                                MARK,
                                ASK
                                        + "S: +OK 4 1000\n"
                                        + "S: +OK 3 u3\n"
                                        + "S: +OK 1 u1\n"
                                        + "C: UIDL 4\n"
                                        + "C: LIST 4\n"
                                        + answers
                                        + """
                                        C: UIDL
                                        S: +OK
                                        S: 1 u1
                                        S: 2 new
                                        S: 3 u3
                                        S: 4 u4
                                        S: .
                                        """));
        assertThat(seen.messages().size()).isEqualTo(4);
    }

    @Test
    void a_shrunken_maildrop_is_listed_without_asking_further() {
        String script =
                PLAIN
                        + """
                        C: STAT
                        S: +OK 1 100
                        C: UIDL
                        S: +OK
                        S: 1 u1
                        S: .
                        """;
        Full seen = full(checked(MARK, script));
        assertListed(seen.messages(), 1, "u1", -1);
    }

    @Test
    void a_long_tail_is_listed_in_full() {
        String script =
                PLAIN
                        + "C: STAT\n"
                        + "S: +OK 12 1200\n"
                        + "C: UIDL 3\n"
                        + "S: +OK 3 u3\n"
                        + "C: UIDL 1\n"
                        + "S: +OK 1 u1\n"
                        + "C: UIDL\n"
                        + "S: +OK\n"
                        + lines("S: %d u%d\n", 12)
                        + "S: .\n";
        assertThat(full(checked(MARK, script)).mark())
                .isEqualTo(new Pop3Mark(12, 1200, "u1", "u12", false));
    }

    private static String lines(String format, int count) {
        StringBuilder lines = new StringBuilder();
        for (int i = 1; i <= count; i++) {
            lines.append(format.formatted(i, i));
        }
        return lines.toString();
    }

    @Test
    void an_exhaustive_check_takes_no_shortcut() {
        String script =
                PIPELINED
                        + """
                        C: STAT
                        C: UIDL
                        C: LIST
                        S: +OK 0 0
                        S: +OK
                        S: .
                        S: +OK
                        S: .
                        """
                        + GOODBYE;
        Full seen =
                full(
                        played(
                                script,
                                session ->
                                        (Pop3Observation) session.observe(request(EMPTY, true))));
        assertThat(seen.mark()).isEqualTo(EMPTY);
    }

    @Test
    void an_empty_maildrop_stays_empty_and_then_fills() {
        assertThat(pipelined(EMPTY, "C: STAT\nS: +OK 0 0\n")).isEqualTo(new Unchanged());
        Full seen =
                full(
                        pipelined(
                                EMPTY,
                                "C: STAT\nS: +OK 1 9\n"
                                        + LIST_ALL
                                        + "S: +OK\nS: 1 a\nS: .\nS: +OK\nS: 1 9\nS: .\n"));
        assertListed(seen.messages(), 1, "a", 9);
    }

    @Test
    void a_maildrop_that_was_emptied_must_say_so_in_its_listings_too() {
        String stat = ASK + "S: +OK 0 0\nS: -ERR\nS: -ERR\nC: UIDL\n";
        assertThat(full(pipelined(MARK, stat + "S: -ERR empty\n")).mark()).isEqualTo(EMPTY);
        String uids = "S: +OK\nS: 1 u1\nS: .\n";
        Full seen =
                full(
                        pipelined(
                                MARK,
                                stat
                                        + uids
                                        + "C: STAT\nC: UIDL\nC: LIST\nS: +OK 0 0\n"
                                        + uids
                                        + "S: +OK\nS: 1 100\nS: .\n"));
        assertListed(seen.messages(), 1, "u1", 100);
        assertThat(seen.mark().provesNothingNew()).isFalse();
    }

    @Test
    void numbers_with_gaps_and_lines_out_of_order_are_taken_by_their_number() {
        Full seen =
                full(
                        pipelined(
                                null,
                                """
                                C: STAT
                                C: UIDL
                                C: LIST
                                S: +OK 3 600
                                S: +OK
                                S: 9 u9
                                S: 2 u2
                                S: 4 u4
                                S: .
                                S: +OK
                                S: 2 100
                                S: 4 200
                                S: 9 300
                                S: .
                                """));
        assertThat(seen.mark()).isEqualTo(new Pop3Mark(3, 600, "u2", "u9", false));
        assertListed(seen.messages(), 2, "u2", 100, 4, "u4", 200, 9, "u9", 300);
    }

    @Test
    void uids_are_opaque_octets_that_may_repeat() {
        String longest = "x".repeat(255);
        Full seen =
                full(
                        pipelined(
                                null,
                                """
                                C: STAT
                                C: UIDL
                                C: LIST
                                S: +OK 5 3000000700
                                S: +OK
                                ! raw 1 same  \\r\\n
                                ! raw 2 same\\t\\r\\n
                                ! raw 3  <a b>\\xb5\\r\\n
                                """
                                        + "S: 4 "
                                        + longest
                                        + "\n"
                                        + "S: 5 .\n"
                                        + "S: .\n"
                                        + "S: +OK\n"
                                        + "S: 1 100\n"
                                        + "S: 2 100\n"
                                        + "S: 3 200\n"
                                        + "S: 4 300\n"
                                        + "S: 5 3000000000\n"
                                        + "S: .\n"));
        assertListed(
                seen.messages(),
                1,
                "same",
                100,
                2,
                "same",
                100,
                3,
                "<a b>\u00b5",
                200,
                4,
                longest,
                300,
                5,
                ".",
                Integer.MAX_VALUE);
        assertThat(seen.mark().octets()).isEqualTo(3_000_000_700L);
    }

    @Test
    void bare_line_feeds_end_lines_as_well() {
        assertThat(pipelined(MARK, ASK + "! raw +OK 3 600\\n+OK 3 u3\\n+OK 1 u1\\n\n"))
                .isEqualTo(new Unchanged());
    }

    /** Answers to STAT, UIDL and LIST that must never become a mark. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "S: +OK 2000000000 1\n",
                "! repeat 20000 x\n",
                "S: +OK 1 9\nS: +OK\nS: x y\nS: .\nS: +OK\nS: 1 9\nS: .\n",
                "S: +OK 1 9\nS: +OK\nS: 0 u\nS: .\nS: +OK\nS: 1 9\nS: .\n",
                "S: +OK 1 9\nS: +OK\nS: 3000000000 u\nS: .\nS: +OK\nS: 1 9\nS: .\n",
                "S: +OK 1 9\nS: +OK\nS: 1 u\nS: 1 v\nS: .\nS: +OK\nS: 1 9\nS: .\n",
                "S: +OK 1 9\nS: +OK\nS: .\nS: +OK\nS: 1 9\nS: .\n",
                "S: +OK\nS: +OK\nS: 1 u\nS: .\nS: +OK\nS: 1 9\nS: 2 9\nS: .\n",
                "S: +OK 3 9\nS: +OK\nS: 1 u\nS: .\nS: +OK\nS: 1 9\nS: 2 9\nS: .\n"
            })
    void nonsense_that_is_repeated_is_a_protocol_error(String answers) {
        String ask = "C: STAT\nC: UIDL\nC: LIST\n" + answers;
        MailFailure failure = failed(null, PIPELINED + (answers.length() < 30 ? ask : ask + ask));
        assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        assertThat(failure).hasMessageStartingWith("the server ");
    }

    @Test
    void a_maildrop_beyond_the_limit_is_refused_with_what_to_do() {
        MailFailure failure =
                failed(null, PIPELINED + "C: STAT\nC: UIDL\nC: LIST\nS: +OK 1000001 1\n");
        assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        assertThat(failure)
                .hasMessageContaining(
                        "1000001 messages; over POP3 Mailbell counts up to 1000000: use IMAP, or empty the maildrop");
    }

    /** One of STAT and LIST is wrong at every time it is asked, the other agrees with UIDL. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "S: +OK\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: -ERR unknown command\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: -ERR\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: -ERR command STAT not implemented\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: +OK maildrop has 2 messages\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: +OK 2\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: +OK -1 5\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: +OK 99999999999999999999 1\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: +OK 2 9\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: +OK 0 0\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: 2 300\nS: +OK\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: \nS: +OK\n%sS: +OK\nS: 1 9\nS: .\n",
                "S: +OK 1 9\n%sS: +OK\nS: 1 big\nS: .\n",
                "S: +OK 1 9\n%sS: +OK\nS: 2 9\nS: .\n",
                "S: +OK 1 9\n%sS: +OK\nS: .\n"
            })
    void uidl_counts_where_one_of_the_others_agrees_with_it(String answers) {
        String ask = "C: STAT\nC: UIDL\nC: LIST\n" + answers.formatted("S: +OK\nS: 1 u\nS: .\n");
        Full seen = full(pipelined(null, ask + ask));
        assertThat(seen.mark().total()).isEqualTo(1);
        assertThat(seen.mark().topUid()).isEqualTo("u");
    }

    @Test
    void an_endless_listing_ends_at_the_cap_and_an_endless_line_at_its_limit() {
        for (String endless : new String[] {"! forever 1 u\\r\\n", "! forever x"}) {
            // A million lines take seconds of a core, and minutes of a busy one.
            MailFailure failure =
                    failed(
                            null,
                            Duration.ofMinutes(10),
                            PIPELINED
                                    + "C: STAT\nC: UIDL\nC: LIST\nS: +OK 1 9\nS: +OK\n"
                                    + endless
                                    + "\n");
            assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        }
    }

    @Test
    void a_server_that_drops_stalls_or_drips_in_a_listing_is_no_empty_maildrop() {
        String start = PIPELINED + "C: STAT\nC: UIDL\nC: LIST\nS: +OK 2 9\nS: +OK\nS: 1 u\n";
        assertThat(failed(null, start + "! drop\n").code()).isEqualTo(FailureCode.CONNECT_FAILED);
        assertThat(failed(null, start + "! raw 2 v\n! drop\n").code())
                .isEqualTo(FailureCode.CONNECT_FAILED);
        assertThat(timedOut(null, start + "! silence\n").code()).isEqualTo(FailureCode.TIMEOUT);
        assertThat(timedOut(null, start + "! drip 20 " + "2 v\\r\\n".repeat(50) + "\n").code())
                .isEqualTo(FailureCode.TIMEOUT);
    }

    @Test
    void a_refused_command_is_the_servers_failure() {
        for (String answers :
                new String[] {
                    "S: -ERR [SYS/TEMP] disk\n",
                    "S: +OK 1 9\nS: +OK\nS: 1 u\nS: .\nS: -ERR [SYS/TEMP] no\n",
                    // CAPA has said that there is UIDL
                    "S: +OK 1 9\nS: -ERR not now\nS: +OK\nS: 1 9\nS: .\n"
                }) {
            assertThat(failed(null, PIPELINED + "C: STAT\nC: UIDL\nC: LIST\n" + answers).code())
                    .isEqualTo(FailureCode.SERVER_ERROR);
        }
    }

    @Test
    void a_server_without_uidl_is_checked_by_sizes() {
        String script =
                PLAIN
                        + """
                        C: STAT
                        S: +OK 2 300
                        C: UIDL
                        S: -ERR unknown command
                        C: LIST
                        S: +OK
                        S: 1 100
                        S: 2 200
                        S: .
                        C: TOP 2 0
                        S: +OK
                        S: Subject: two
                        S: Message-ID: <two@example.org>
                        S:
                        S: .
                        """;
        Full seen = full(checked(null, script));
        assertThat(seen.mark()).isEqualTo(new Pop3Mark(2, 300, null, "<two@example.org>", true));
        assertListed(seen.messages(), 1, "size:100", 100, 2, "size:200", 200);
    }

    @Test
    void by_sizes_the_summary_decides_whether_to_list() {
        String asked = PLAIN + "C: STAT\nS: +OK %s\nC: UIDL 1\nS: -ERR unknown\n";
        assertThat(checked(BY_SIZE, asked.formatted("2 300") + "C: TOP 2 0\nS: -ERR\n"))
                .isEqualTo(new Unchanged());
        String listed =
                asked.formatted("2 500")
                        + "C: UIDL\nS: -ERR unknown\nC: LIST\nS: +OK\nS: 1 200\nS: 2 300\nS: .\n"
                        + "C: TOP 2 0\nS: -ERR\n";
        Full seen = full(checked(BY_SIZE, listed));
        assertThat(seen.mark()).isEqualTo(new Pop3Mark(2, 500, null, null, true));
    }

    @Test
    void by_sizes_another_last_message_of_the_same_size_is_noticed() {
        Pop3Mark mark = new Pop3Mark(2, 300, null, "<two@example.org>", true);
        String top = "C: TOP 2 0\nS: +OK\nS: Message-ID: <three@example.org>\nS:\nS: .\n";
        String script =
                PLAIN
                        + "C: STAT\nS: +OK 2 300\nC: UIDL 1\nS: -ERR unknown\n"
                        + top
                        + "C: UIDL\nS: -ERR unknown\nC: LIST\nS: +OK\nS: 1 100\nS: 2 200\nS: .\n"
                        + top;
        assertThat(full(checked(mark, script)).mark())
                .isEqualTo(new Pop3Mark(2, 300, null, "<three@example.org>", true));
    }

    @Test
    void a_server_that_learns_uidl_is_exact_from_then_on() {
        String script =
                PLAIN
                        + "C: STAT\n"
                        + "S: +OK 2 300\n"
                        + "C: UIDL 1\n"
                        + "S: +OK 1 u1\n"
                        + "C: UIDL\n"
                        + "S: +OK\n"
                        + "S: 1 u1\n"
                        + "S: 2 u2\n"
                        + "S: .\n"
                        + "C: LIST\n"
                        + "S: +OK\n"
                        + "S: 1 100\n"
                        + "S: 2 200\n"
                        + "S: .\n";
        assertThat(full(checked(BY_SIZE, script)).mark())
                .isEqualTo(new Pop3Mark(2, 300, "u1", "u2", false));
    }

    @Test
    void a_server_that_forgets_uidl_fails_instead_of_counting_all_as_new() {
        MailFailure failure =
                failed(
                        MARK,
                        PLAIN
                                + "C: STAT\nS: +OK 3 600\nC: UIDL 3\nS: -ERR\nC: UIDL 1\nS: -ERR\n"
                                + "C: UIDL\nS: -ERR\n");
        assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
        assertThat(failure).hasMessageContaining("UIDL");
    }

    @Test
    void pop3_has_one_mailbox_and_goes_on_after_a_wrong_name() {
        String script = PIPELINED + ASK + "S: +OK 3 600\nS: +OK 3 u3\nS: +OK 1 u1\n" + GOODBYE;
        played(
                script,
                session -> {
                    CheckRequest sent = new CheckRequest("Sent", null, 1, false, null);
                    assertThat(
                                    catchThrowableOfType(
                                                    MailFailure.class, () -> session.observe(sent))
                                            .code())
                            .isEqualTo(FailureCode.MAILBOX_MISSING);
                    return assertThat(check(session, MARK)).isEqualTo(new Unchanged());
                });
    }

    private static final String FOUR =
            "C: UIDL\nS: +OK\nS: 1 u1\nS: 2 u2\nS: 3 u3\nS: 4 u4\nS: .\n";

    /** How servers answer {@code UIDL 3} and {@code UIDL 1}, none of which proves anything. */
    private static final String[] SHORT_ANSWERS = {
        // in several lines, all at once or the rest of them late
        "S: +OK\nS: 3 u3\nS: .\n|S: +OK\nS: 1 u1\nS: .\n",
        "S: +OK 1 message\nS: 3 u3\nS: .\n|S: +OK 1 message\nS: 1 u1\nS: .\n",
        "S: +OK\n|S: 3 u3\nS: .\nS: +OK\nS: 1 u1\nS: .\n",
        // the whole listing in answer to any command
        "S: +OK\nS: 1 u1\nS: 2 u2\nS: 3 u3\nS: 4 u4\nS: .\n|S: +OK\nS: 1 u1\nS: 2 u2\nS: .\n",
        // nothing, blank lines, refusals
        "S: +OK\n|S: +OK\n",
        "S: \nS: +OK\n|S: \nS: +OK\nS: \n",
        "S: -ERR no argument here\n|S: -ERR no argument here\n",
        // about another message
        "S: +OK 1 u1\n|S: +OK 3 u3\n"
    };

    static Stream<String> shortAnswers() {
        return Arrays.stream(SHORT_ANSWERS);
    }

    @ParameterizedTest
    @MethodSource("shortAnswers")
    void a_short_question_without_a_sound_answer_leads_to_the_listing(String answers) {
        String[] answer = answers.split("\\|");
        String together =
                PIPELINED + ASK + "S: +OK 4 1000\n" + answer[0] + answer[1] + FOUR + GOODBYE;
        assertListedFromThenOn(together, PIPELINED + "C: STAT\n");
        if (!answer[0].contains("u1")) {
            String apart =
                    PLAIN
                            + "C: STAT\nS: +OK 4 1000\nC: UIDL 3\n"
                            + answer[0]
                            + "C: UIDL 1\n"
                            + answer[1]
                            + FOUR
                            + GOODBYE;
            assertListedFromThenOn(apart, PLAIN + "C: STAT\n");
        }
    }

    /** The next session asks nothing of the kind. */
    private static void assertListedFromThenOn(String first, String next) {
        boolean pipelining = next.startsWith(PIPELINED);
        String second =
                next
                        + (pipelining ? "C: UIDL\nS: +OK 4 1000\n" : "S: +OK 4 1000\nC: UIDL\n")
                        + FOUR.substring("C: UIDL\n".length())
                        + GOODBYE;
        try (ScriptedServer server = ScriptedServer.playing(first + "---\n" + second)) {
            Pop3Sessions sessions = sessions();
            for (int session = 0; session < 2; session++) {
                try (MailSession open = sessions.open(login(server.port()), Deadline.after(LONG))) {
                    Full seen = full(check(open, MARK));
                    assertListed(
                            seen.messages(), 1, "u1", -1, 2, "u2", -1, 3, "u3", -1, 4, "u4", -1);
                    assertThat(((Pop3Session) open).proof()).contains(Proof.LISTING);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void a_dialogue_out_of_step_is_begun_anew_once_and_listed() {
        for (String confused :
                new String[] {
                    // each answer is doubled
                    "S: +OK 4 1000\nS: +OK 4 1000\nS: +OK 3 u3\nS: +OK 3 u3\n! anything\n",
                    // the question is not answered, or by hanging up
                    "S: +OK 4 1000\n! drop\n"
                }) {
            String second = PIPELINED + "C: STAT\nC: UIDL\nS: +OK 4 1000\n" + FOUR.substring(8);
            try (ScriptedServer server =
                    ScriptedServer.playing(
                            PIPELINED + ASK + confused + "---\n" + second + GOODBYE)) {
                HostProofs hostProofs = new HostProofs();
                try (MailSession open =
                        Pop3Kit.impatient(hostProofs)
                                .open(login(server.port()), Deadline.after(LONG))) {
                    assertThat(full(check(open, MARK)).messages().size()).isEqualTo(4);
                }
                String host = "127.0.0.1:" + server.port();
                assertThat(hostProofs.trusts(host, "ann@mail.example", Proof.ENDS)).isFalse();
                assertThat(hostProofs.trusts(host, "bob@mail.example", Proof.ENDS)).isTrue();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Odd spellings of one and the same listing. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "S: +OK\n! raw 1 u1\\n2 u2\\n.\\n\n",
                "S: +OK\nS: 2 u2\nS: 1 u1\nS: .\n",
                "S: +OK\nS: \nS: 1 u1\nS: \nS: 2 u2\nS: \nS: .\n",
                "S: +OK\nS: 1 u1\nS: 2 u2\nS: 2 u2\nS: .\n",
                "S: +OK\nS: 01 u1  \nS:   0002   u2\t\nS: .\n",
                "S: +OK 1 u1\nS: 2 u2\nS: .\n",
                "S: +OK 2 messages\nS: 1 u1\nS: 2 u2\nS: .\n",
                "S: +OK 2 300\nS: 1 u1\nS: 2 u2\nS: .\n",
                // the final dot is missing: the next answer begins
                "S: +OK\nS: 1 u1\nS: 2 u2\n"
            })
    void a_listing_is_read_however_it_is_spelled(String uidl) {
        String script = "C: STAT\nC: UIDL\nC: LIST\nS: +OK 2 300\n" + uidl;
        Full seen = full(pipelined(null, script + "S: +OK\nS: 1 100\nS: 2 200\nS: .\n"));
        assertListed(seen.messages(), 1, "u1", 100, 2, "u2", 200);
        assertThat(seen.mark()).isEqualTo(new Pop3Mark(2, 300, "u1", "u2", false));
    }

    /** The last line comes after the silence that may stand for the final dot. */
    @ParameterizedTest
    @CsvSource({"1 9, '', ''", "2 109, 'S: 1 u1\n', 'S: 1 100\n'"})
    void the_last_message_of_a_listing_may_be_late_behind_its_count(
            String count, String uids, String sizes) throws IOException {
        String number = count.substring(0, 1);
        String script =
                PLAIN
                        + ("C: STAT\nS: +OK " + count + "\n")
                        + ("C: UIDL\nS: +OK " + count + "\n" + uids)
                        + ("! drip 400 \\n\nS: " + number + " last\nS: .\n")
                        + ("C: LIST\nS: +OK\n" + sizes + "S: " + number + " 9\nS: .\n")
                        + GOODBYE;
        try (ScriptedServer server = ScriptedServer.playing(script);
                MailSession open =
                        Pop3Kit.awaitingLines().open(login(server.port()), Deadline.after(LONG))) {
            assertThat(full(check(open, null)).mark().topUid()).isEqualTo("last");
        }
    }

    @Test
    void a_listing_whose_final_dot_never_comes_ends_with_its_last_message() {
        String script =
                PLAIN
                        + "C: STAT\nS: +OK 1 9\nC: UIDL\nS: +OK\nS: 1 u\nC: LIST\nS: .\nS: +OK\n"
                        + "S: 1 9\n";
        assertListed(full(checked(null, script)).messages(), 1, "u", 9);
    }

    @Test
    void a_stat_that_lags_behind_is_asked_again() {
        String listed = "S: +OK\nS: 1 u1\nS: 2 u2\nS: .\nS: +OK\nS: 1 100\nS: 2 200\nS: .\n";
        String ask = "C: STAT\nC: UIDL\nC: LIST\n";
        Full seen =
                full(
                        pipelined(
                                null,
                                ask + "S: +OK 1 100\n" + listed + ask + "S: +OK 2 300\n" + listed));
        assertThat(seen.mark()).isEqualTo(new Pop3Mark(2, 300, "u1", "u2", false));
    }

    @Test
    void sizes_are_asked_for_where_they_are_needed_and_nowhere_else() {
        String deleted =
                "S: +OK 2 500\nS: +OK 3 u3\nS: +OK 1 u1\nC: UIDL\nS: +OK\nS: 1 u1\nS: 2 u4\nS: .\n";
        String script = PIPELINED + ASK + deleted + "C: LIST 2\nS: +OK 2 400\n" + GOODBYE;
        played(
                script,
                session -> {
                    Full seen = full(check(session, MARK));
                    assertListed(seen.messages(), 1, "u1", -1, 2, "u4", -1);
                    assertThat(seen.queries().sizes(new int[] {1})).containsExactly(-1, 400);
                    return seen;
                });
    }
}
