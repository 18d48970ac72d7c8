package dev.mailbell.mail.imap;

import static dev.mailbell.mail.imap.ImapKit.GOODBYE;
import static dev.mailbell.mail.imap.ImapKit.MODERN;
import static dev.mailbell.mail.imap.ImapKit.OLD;
import static dev.mailbell.mail.imap.ImapKit.check;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapObservation;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What servers do that they should not, or that few others do: none of it makes a wrong count. */
class OddServersTest {
    private static final ImapMark MARK = new ImapMark(7, 10, 3, 9);

    /** STATUS that makes a check go on. */
    private static final String CHANGED =
            """
            C: {tag} STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)
            S: * STATUS INBOX (MESSAGES 5 UIDNEXT 12 UIDVALIDITY 7)
            S: {tag} OK done
            """;

    private static final String EXAMINED =
            """
            C: {tag} EXAMINE INBOX
            S: * 5 EXISTS
            S: * OK [UIDVALIDITY 7] ok
            S: * OK [UIDNEXT 12] ok
            S: {tag} OK [READ-ONLY] done
            """;

    private static final String PLAIN_SEARCH = "C: {tag} UID SEARCH UID 10:4294967295\n";
    private static final String EXTENDED_SEARCH =
            "C: {tag} UID SEARCH RETURN (ALL COUNT) UID 10:4294967295\n";

    private static final String FETCHED =
            """
            C: {tag} UID FETCH 10:* (UID)
            S: * 5 FETCH (UID 11)
            S: * 4 FETCH (UID 10)
            S: {tag} OK done
            """;

    private static ImapObservation observe(String script) throws IOException {
        return ImapKit.playing(script + GOODBYE, session -> session.observe(check(MARK)));
    }

    private static MailFailure failure(String script) throws IOException {
        return ImapKit.failing(script, session -> session.observe(check(MARK)));
    }

    @Test
    void lower_case_keywords_and_untagged_answers_in_any_order_are_understood() throws IOException {
        ImapObservation seen =
                observe(
                        OLD
                                + """
                                C: {tag} STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)
                                S: * 4 recent
                                S: * status "inbox" (uidvalidity 7 uidnext 12 messages 5)
                                S: * ok still here
                                S: {tag} ok done
                                C: {tag} EXAMINE INBOX
                                S: * ok [uidnext 12] ok
                                S: * ok [uidvalidity 7] ok
                                S: * flags (\\Seen)
                                S: * 5 exists
                                S: * ok [HIGHESTMODSEQ 77] ok
                                S: {tag} ok [read-only] done
                                C: {tag} UID SEARCH UID 10:4294967295
                                S: * 2 fetch (flags (\\seen))
                                S: * search 11 10
                                S: {tag} ok done
                                """);
        assertThat(seen.found()).hasToString("10:11");
        assertThat(seen.uidNext()).isEqualTo(12);
        assertThat(seen.total()).isEqualTo(5);
        assertThat(seen.topUid()).isEqualTo(11);
    }

    @Test
    void a_status_of_another_mailbox_proves_nothing() throws IOException {
        ImapObservation seen =
                observe(
                        OLD
                                + """
                                C: {tag} STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)
                                S: * STATUS "other" (MESSAGES 3 UIDNEXT 10 UIDVALIDITY 7)
                                S: {tag} OK done
                                """
                                + EXAMINED
                                + PLAIN_SEARCH
                                + "S: * SEARCH 10 11\nS: {tag} OK done\n");
        assertThat(seen.found().size()).isEqualTo(2);
    }

    @Test
    void an_unbalanced_status_proves_nothing_and_does_not_hang() throws IOException {
        ImapObservation seen =
                observe(
                        OLD
                                + """
                                C: {tag} STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)
                                S: * STATUS INBOX (UIDNEXT 5 (\s
                                S: {tag} OK done
                                """
                                + EXAMINED
                                + PLAIN_SEARCH
                                + "S: * SEARCH 10 11\nS: {tag} OK done\n");
        assertThat(seen.found().size()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"NO Error in IMAP command", "BAD parse error"})
    void an_extended_search_that_is_refused_is_not_tried_again(String refusal) throws IOException {
        String again = CHANGED.replace("MESSAGES 5 UIDNEXT 12", "MESSAGES 6 UIDNEXT 13");
        List<String> counts =
                ImapKit.playing(
                        MODERN
                                + CHANGED
                                + EXAMINED
                                + EXTENDED_SEARCH
                                + "S: {tag} "
                                + refusal
                                + "\n"
                                + PLAIN_SEARCH
                                + "S: * SEARCH 10 11\nS: {tag} OK done\n"
                                + "C: {tag} UNSELECT\nS: {tag} OK done\n"
                                + again
                                + EXAMINED.replace("5 EXISTS", "6 EXISTS")
                                        .replace("UIDNEXT 12", "UIDNEXT 13")
                                + PLAIN_SEARCH
                                + "S: * SEARCH 10 11 12\nS: {tag} OK done\n"
                                + GOODBYE,
                        session ->
                                List.of(
                                        session.observe(check(MARK)).found().toString(),
                                        session.observe(check(MARK)).found().toString()));
        assertThat(counts).containsExactly("10:11", "10:12");
    }

    @Test
    void an_extended_answer_whose_ranges_span_gaps_is_not_believed() throws IOException {
        ImapObservation seen =
                observe(
                        MODERN
                                + CHANGED.replace("UIDNEXT 12", "UIDNEXT 15")
                                + EXAMINED.replace("UIDNEXT 12", "UIDNEXT 15")
                                + EXTENDED_SEARCH
                                + "S: * ESEARCH (TAG \"{tag}\") UID ALL 10:13 COUNT 2\n"
                                + "S: {tag} OK done\n"
                                + PLAIN_SEARCH
                                + "S: * SEARCH 10 13\nS: {tag} OK done\n"
                                + "C: {tag} FETCH 3 (UID)\nS: * 3 FETCH (UID 9)\nS: {tag} OK done\n");
        assertThat(seen.found()).hasToString("10,13");
    }

    @Test
    void extended_answers_come_in_any_shape() throws IOException {
        for (String answer :
                new String[] {
                    "* ESEARCH (TAG \"{tag}\") UID COUNT 2 ALL 10:11",
                    "* ESEARCH UID ALL 11,10",
                    "* esearch (tag \"{tag}\") uid all 11:10 count 2",
                }) {
            ImapObservation seen =
                    observe(
                            MODERN
                                    + CHANGED
                                    + EXAMINED
                                    + EXTENDED_SEARCH
                                    + "S: "
                                    + answer
                                    + "\nS: {tag} OK done\n");
            assertThat(seen.found()).hasToString("10:11");
        }
    }

    @Test
    void a_status_of_many_that_is_refused_is_asked_for_one_by_one() throws IOException {
        String status =
                """
                C: {tag} STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)
                S: * STATUS INBOX (MESSAGES 3 UIDNEXT 10 UIDVALIDITY 7)
                S: {tag} OK done
                """;
        ImapObservation seen =
                ImapKit.playing(
                        MODERN.replace("UNSELECT", "LIST-EXTENDED LIST-STATUS")
                                + "C: {tag} LIST \"\" (INBOX \"a b\") RETURN (STATUS (MESSAGES"
                                + " UIDNEXT UIDVALIDITY))\n"
                                + "S: * STATUS INBOX (MESSAGES 9 UIDNEXT 99 UIDVALIDITY 7)\n"
                                + "S: {tag} NO not today\n"
                                + status
                                + status
                                + GOODBYE,
                        session -> {
                            session.expect(List.of("INBOX", "a b", "all*"));
                            session.observe(check(MARK));
                            session.expect(List.of("INBOX", "a b"));
                            return session.observe(check(MARK));
                        });
        assertThat(seen.uidNext()).isEqualTo(10);
    }

    @Test
    void a_last_message_that_is_found_below_the_search_is_not_counted() throws IOException {
        ImapObservation seen =
                observe(
                        OLD
                                + CHANGED.replace("MESSAGES 5", "MESSAGES 2")
                                + EXAMINED.replace("5 EXISTS", "2 EXISTS")
                                + PLAIN_SEARCH
                                + "S: * SEARCH 8\nS: {tag} OK done\n"
                                + "C: {tag} FETCH 2 (UID)\nS: * 2 FETCH (UID 8)\n"
                                + "S: {tag} OK done\n");
        assertThat(seen.found().isEmpty()).isTrue();
        assertThat(seen.uidNext()).isEqualTo(12);
        assertThat(seen.topUid()).isEqualTo(8);
    }

    @Test
    void mail_that_comes_during_the_search_is_searched_for_again() throws IOException {
        ImapObservation seen =
                observe(
                        OLD
                                + CHANGED
                                + EXAMINED
                                + PLAIN_SEARCH
                                + "S: * SEARCH 10 11\nS: * 6 EXISTS\nS: {tag} OK done\n"
                                + "C: {tag} NOOP\nS: {tag} OK done\n"
                                + PLAIN_SEARCH
                                + "S: * SEARCH 10 11 12\nS: {tag} OK done\n");
        assertThat(seen.found()).hasToString("10:12");
        assertThat(seen.uidNext()).isEqualTo(13);
        assertThat(seen.total()).isEqualTo(6);
    }

    @Test
    void mail_that_comes_between_search_and_fetch_is_not_skipped() throws IOException {
        ImapObservation seen =
                observe(
                        OLD
                                + CHANGED.replace("UIDNEXT 12", "UIDNEXT 10")
                                        .replace("MESSAGES 5", "MESSAGES 2")
                                + EXAMINED.replace("5 EXISTS", "2 EXISTS")
                                        .replace("UIDNEXT 12", "UIDNEXT 10")
                                + PLAIN_SEARCH
                                + "S: * SEARCH\nS: * 1 EXPUNGE\nS: * 2 EXISTS\n"
                                + "S: {tag} OK done\n"
                                + "C: {tag} NOOP\nS: {tag} OK done\n"
                                + PLAIN_SEARCH
                                + "S: * SEARCH 10\nS: {tag} OK done\n");
        assertThat(seen.found()).hasToString("10");
        assertThat(seen.uidNext()).isEqualTo(11);
    }

    @Test
    void a_last_message_that_goes_before_it_is_fetched_is_searched_for_again() throws IOException {
        ImapObservation seen =
                observe(
                        OLD
                                + CHANGED.replace("MESSAGES 5", "MESSAGES 2")
                                + EXAMINED.replace("5 EXISTS", "2 EXISTS")
                                + PLAIN_SEARCH
                                + "S: * SEARCH\nS: {tag} OK done\n"
                                + "C: {tag} FETCH 2 (UID)\n"
                                + "S: {tag} NO [EXPUNGEISSUED] gone\n"
                                + "C: {tag} NOOP\nS: * 2 EXPUNGE\nS: {tag} OK done\n"
                                + PLAIN_SEARCH
                                + "S: * SEARCH\nS: {tag} OK done\n"
                                + "C: {tag} FETCH 1 (UID)\nS: * 1 FETCH (UID 4)\n"
                                + "S: {tag} OK done\n");
        assertThat(seen.total()).isEqualTo(1);
        assertThat(seen.topUid()).isEqualTo(4);
    }

    @Test
    void a_uidnext_that_goes_backwards_while_the_messages_stay_is_corrected() throws IOException {
        ImapObservation seen =
                observe(
                        OLD
                                + CHANGED.replace("MESSAGES 5 UIDNEXT 12", "MESSAGES 3 UIDNEXT 5")
                                + EXAMINED.replace("5 EXISTS", "3 EXISTS")
                                        .replace("UIDNEXT 12", "UIDNEXT 5")
                                + PLAIN_SEARCH
                                + "S: * SEARCH\nS: {tag} OK done\n"
                                + "C: {tag} FETCH 3 (UID)\nS: * 3 FETCH (UID 9)\n"
                                + "S: {tag} OK done\n");
        assertThat(seen.uidNext()).isEqualTo(10);
        assertThat(seen.found().isEmpty()).isTrue();
    }

    @Test
    void a_uidnext_of_zero_is_none_and_no_step_back() throws IOException {
        ImapObservation seen =
                observe(
                        OLD
                                + CHANGED.replace("MESSAGES 5 UIDNEXT 12", "MESSAGES 2 UIDNEXT 0")
                                + EXAMINED.replace("5 EXISTS", "2 EXISTS")
                                        .replace("UIDNEXT 12", "UIDNEXT 0")
                                + PLAIN_SEARCH
                                + "S: * SEARCH\nS: {tag} OK done\n"
                                + "C: {tag} FETCH 2 (UID)\nS: * 2 FETCH (UID 4)\n"
                                + "S: {tag} OK done\n");
        assertThat(seen.uidNext()).isEqualTo(10);
        assertThat(seen.topUid()).isEqualTo(4);
    }

    @Test
    void a_uidnext_that_goes_backwards_with_the_messages_is_reported_with_what_arrived()
            throws IOException {
        ImapObservation seen =
                ImapKit.playing(
                        OLD
                                + CHANGED.replace("MESSAGES 5 UIDNEXT 12", "MESSAGES 2 UIDNEXT 5")
                                + EXAMINED.replace("5 EXISTS", "2 EXISTS")
                                        .replace("UIDNEXT 12", "UIDNEXT 5")
                                + PLAIN_SEARCH
                                + "S: * SEARCH\nS: {tag} OK done\n"
                                + "C: {tag} FETCH 2 (UID)\nS: * 2 FETCH (UID 4)\n"
                                + "S: {tag} OK done\n"
                                + "C: {tag} UID SEARCH SINCE 19-Nov-2026\n"
                                + "S: * SEARCH 3 4\nS: {tag} OK done\n"
                                + "C: {tag} UID FETCH 3:4 (UID INTERNALDATE)\n"
                                + "S: * 1 FETCH (UID 3 INTERNALDATE \" 9-Jul-2026 00:00:00 +0000\")\n"
                                + "S: * 2 FETCH (INTERNALDATE \"20-Nov-2026 13:00:01 +0100\" UID 4)\n"
                                + "S: * 2 FETCH (INTERNALDATE \"20-Nov-2026 13:00:01 +0100\" UID 4)\n"
                                + "S: {tag} OK done\n"
                                + GOODBYE,
                        session ->
                                session.observe(
                                        new CheckRequest(
                                                "INBOX",
                                                MARK,
                                                10,
                                                false,
                                                Instant.parse("2026-11-20T12:00:00Z"))));
        assertThat(seen.uidNext()).isEqualTo(5);
        assertThat(seen.arrivedSince()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "S: * OK [UIDVALIDITY 0] x\n", "S: * OK [UIDVALIDITY x] x\n"})
    void a_mailbox_without_a_uidvalidity_is_counted_by_the_headers_of_its_messages(String line)
            throws IOException {
        String examine = "C: {tag} EXAMINE INBOX\nS: * 1 EXISTS\n" + line + "S: {tag} OK done\n";
        ImapObservation seen =
                ImapKit.playing(
                        OLD
                                + examine
                                + "C: {tag} STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\n"
                                + "S: {tag} NO not of the selected mailbox\n"
                                + examine
                                + "C: {tag} FETCH 1:* (UID INTERNALDATE RFC822.SIZE"
                                + " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE)])\n"
                                + "S: * 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE"
                                + " \"20-Nov-2026 13:00:01 +0100\" BODY[HEADER.FIELDS (MESSAGE-ID"
                                + " DATE)] {21}\n! raw Message-ID: <a@b>\\r\\n\\r\\n)\\r\\n\n"
                                + "S: {tag} OK done\n"
                                + GOODBYE,
                        ImapKit::baseline);
        assertThat(seen.identities()).isNotNull();
        assertThat(seen.total()).isEqualTo(1);
    }

    @Test
    void a_uidvalidity_that_was_given_before_must_be_given_again() throws IOException {
        String examine = "C: {tag} EXAMINE INBOX\nS: * 5 EXISTS\nS: {tag} OK done\n";
        String status = CHANGED.replace(" UIDVALIDITY 7)", ")");
        MailFailure failure = failure(OLD + status + examine + examine + GOODBYE);
        assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        assertThat(failure.reason()).contains("UIDVALIDITY");
    }

    @Test
    void an_emptied_mailbox_needs_no_uidvalidity() throws IOException {
        // SmarterMail says 0 as long as the mailbox is empty.
        String examine =
                "C: {tag} EXAMINE INBOX\nS: * 0 EXISTS\nS: * OK [UIDVALIDITY 0] ok\n"
                        + "S: * OK [UIDNEXT 1] ok\nS: {tag} OK done\n";
        String status =
                CHANGED.replace("MESSAGES 5 UIDNEXT 12 UIDVALIDITY 7", "MESSAGES 0 UIDNEXT 1");
        ImapObservation seen = observe(OLD + status + examine + examine);
        assertThat(seen.uidValidity()).isEqualTo(7);
        assertThat(seen.total()).isZero();
        assertThat(seen.uidNext()).isEqualTo(10);
        assertThat(seen.found().isEmpty()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "4294967296,4294967296",
        "1713632002544,1713632002544",
        "9223372036854775807,9223372036854775807",
        "9223372036854775813,5",
        "18446744073709551616,1",
        // A server that writes 32 bits with a sign.
        "-2069431212,9223372034785344596"
    })
    void a_uidvalidity_is_an_opaque_number_of_any_size(String told, long stored)
            throws IOException {
        ImapObservation seen =
                ImapKit.playing(
                        OLD
                                + EXAMINED.replace("UIDVALIDITY 7", "uidvalidity " + told)
                                + "C: {tag} FETCH 5 (UID)\nS: * 5 FETCH (UID 11)\n"
                                + "S: {tag} OK done\n"
                                + GOODBYE,
                        ImapKit::baseline);
        assertThat(seen.uidValidity()).isEqualTo(stored);
    }

    @Test
    void uids_beyond_32_bits_are_searched_for_up_to_the_last() throws IOException {
        ImapMark high = new ImapMark(7, 1L << 40, 3, (1L << 40) - 1);
        ImapObservation seen =
                ImapKit.playing(
                        OLD
                                + CHANGED.replace("UIDNEXT 12", "UIDNEXT " + ((1L << 40) + 2))
                                + EXAMINED.replace("UIDNEXT 12", "UIDNEXT " + ((1L << 40) + 2))
                                + "C: {tag} UID SEARCH UID 1099511627776:*\n"
                                + "S: * SEARCH 1099511627776 1099511627777\nS: {tag} OK done\n"
                                + GOODBYE,
                        session -> session.observe(check(high)));
        assertThat(seen.found().size()).isEqualTo(2);
        assertThat(seen.uidNext()).isEqualTo((1L << 40) + 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "S: * none EXISTS\n"})
    void a_mailbox_without_a_number_of_messages_is_listed(String line) throws IOException {
        ImapObservation seen =
                ImapKit.playing(
                        OLD
                                + "C: {tag} EXAMINE INBOX\nS: * OK [UIDVALIDITY 7] x\n"
                                + line
                                + "S: {tag} OK done\n"
                                + "C: {tag} UID FETCH 1:* (UID)\n"
                                + "S: * 1 FETCH (UID 3)\nS: * 2 FETCH (UID 8)\n"
                                + "S: {tag} OK done\n"
                                + GOODBYE,
                        ImapKit::baseline);
        assertThat(seen.total()).isEqualTo(2);
        assertThat(seen.topUid()).isEqualTo(8);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "* SEARCH 10 eleven",
                "* SEARCH 0 11",
                "* SEARCH 99999999999999999999999",
                "* SEARCH 9223372036854775807"
            })
    void a_search_that_cannot_be_leads_to_the_next_more_expensive_proof(String answer)
            throws IOException {
        ImapObservation seen =
                observe(
                        OLD
                                + CHANGED
                                + EXAMINED
                                + PLAIN_SEARCH
                                + "S: "
                                + answer
                                + "\nS: {tag} OK done\n"
                                + FETCHED);
        assertThat(seen.found()).hasToString("10:11");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "* SEARCH 10 11 12 13 14 15 16",
                "* SEARCH 4294967296",
                "* SEARCH 11",
                "* SEARCH",
                "* OK nothing to say"
            })
    void a_search_that_contradicts_is_repeated_and_then_the_uids_are_fetched(String answer)
            throws IOException {
        String contradicted = PLAIN_SEARCH + "S: " + answer + "\nS: {tag} OK done\n";
        String boundary =
                "C: {tag} FETCH {*} (UID)\nS: * 5 FETCH (UID 11)\nS: * 4 FETCH (UID 10)\n"
                        + "S: {tag} OK done\n";
        boolean tooMany = answer.contains("16");
        ImapObservation seen =
                observe(
                        OLD
                                + CHANGED
                                + EXAMINED
                                + contradicted
                                + (tooMany
                                        ? ""
                                        : "C: {tag} NOOP\nS: {tag} OK done\n"
                                                + contradicted
                                                + boundary)
                                + FETCHED);
        assertThat(seen.found()).hasToString("10:11");
        assertThat(seen.uidNext()).isEqualTo(12);
    }

    @Test
    void what_no_proof_can_settle_is_a_failure_in_the_server_s_words() throws IOException {
        String search = PLAIN_SEARCH + "S: * SEARCH\nS: {tag} OK done\n";
        String noop = "C: {tag} NOOP\nS: {tag} OK done\n";
        MailFailure failure =
                failure(
                        OLD
                                + CHANGED
                                + EXAMINED
                                + search
                                + noop
                                + search
                                + "C: {tag} FETCH 5 (UID)\nS: * 5 FETCH (UID 11)\n"
                                + "S: {tag} OK done\n"
                                + "C: {tag} UID FETCH 10:* (UID)\n"
                                + "S: {tag} NO some of the messages could not be fetched\n"
                                + "C: {tag} UID FETCH 1:* (UID)\n"
                                + "S: {tag} NO the index is broken\n"
                                + GOODBYE);
        assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        assertThat(failure.reason()).contains("the index is broken");
    }

    @Test
    void a_search_without_hits_may_be_answered_by_nothing_at_all() throws IOException {
        for (String[] server : new String[][] {{MODERN, EXTENDED_SEARCH}, {OLD, PLAIN_SEARCH}}) {
            ImapObservation seen =
                    observe(
                            server[0]
                                    + CHANGED.replace(
                                            "MESSAGES 5 UIDNEXT 12", "MESSAGES 2 UIDNEXT 10")
                                    + EXAMINED.replace("5 EXISTS", "2 EXISTS")
                                            .replace("UIDNEXT 12", "UIDNEXT 10")
                                    + server[1]
                                    + "S: {tag} OK SEARCH completed\n"
                                    + "C: {tag} FETCH 2 (UID)\nS: * 2 FETCH (UID 8)\n"
                                    + "S: {tag} OK done\n");
            assertThat(seen.found().isEmpty()).isTrue();
            assertThat(seen.total()).isEqualTo(2);
        }
    }

    @Test
    void id_is_repeated_where_the_login_is_called_unsafe_and_then_the_owner_is_asked()
            throws IOException {
        String unsafe =
                "C: {tag} EXAMINE INBOX\n"
                        + "S: {tag} NO SELECT Unsafe Login. Please contact kefu@188.com for help\n";
        String id = "C: {tag} ID ({*})\nS: {tag} OK done\n";
        MailFailure failure =
                ImapKit.failing(MODERN + unsafe + id + unsafe + GOODBYE, ImapKit::baseline);
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(failure.reason()).contains("web settings");
        ImapObservation seen =
                ImapKit.playing(
                        MODERN
                                + unsafe
                                + id
                                + EXAMINED
                                + "C: {tag} FETCH 5 (UID)\nS: * 5 FETCH (UID 11)\n"
                                + "S: {tag} OK done\n"
                                + GOODBYE,
                        ImapKit::baseline);
        assertThat(seen.total()).isEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource({
        "NO Mailbox was deleted under us,SERVER_ERROR",
        "NO [SERVERBUG] oops,SERVER_ERROR",
        "NO [INUSE] wait,MAILBOX_LOCKED",
        "NO index is being rebuilt,SERVER_ERROR",
        "NO [NONEXISTENT] Mailbox does not exist,MAILBOX_MISSING"
    })
    void a_mailbox_is_missing_only_where_the_server_says_so(String refusal, FailureCode code)
            throws IOException {
        MailFailure failure =
                ImapKit.failing(
                        OLD + "C: {tag} EXAMINE INBOX\nS: {tag} " + refusal + "\n" + GOODBYE,
                        ImapKit::baseline);
        assertThat(failure.code()).isEqualTo(code);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "S: {tag} NO [ALERT] Please enable IMAP access in your account settings first.\n",
                "S: * BAD [ALERT] Please enable IMAP access in your account settings first.\n"
                        + "! drop\n"
            })
    void imap_that_is_switched_off_may_be_said_after_the_login(String refusal) throws IOException {
        MailFailure failure =
                ImapKit.failing(
                        OLD
                                + "C: {tag} EXAMINE INBOX\n"
                                + refusal
                                + (refusal.contains("! drop") ? "" : GOODBYE),
                        ImapKit::baseline);
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(failure.reason())
                .contains("Please enable IMAP access")
                .contains("switch on POP3 or IMAP");
    }

    @Test
    void a_login_may_be_refused_without_its_tag() throws IOException {
        MailFailure failure =
                ImapKit.failing(
                        """
                        S: * OK [CAPABILITY IMAP4rev1] ready
                        C: {tag} LOGIN ann@mail.example s3cret-word
                        S: * NO [AUTHENTICATIONFAILED] Authentication failed
                        S: * BYE Connection timed out.
                        ! drop
                        """,
                        ImapKit::baseline);
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(failure.reason()).contains("Authentication failed");
    }

    @Test
    void an_untagged_warning_does_not_explain_a_lost_connection() throws IOException {
        MailFailure failure =
                ImapKit.failing(
                        """
                        S: * OK [CAPABILITY IMAP4rev1] ready
                        C: {tag} LOGIN ann@mail.example s3cret-word
                        S: * NO the disk is nearly full
                        ! drop
                        """,
                        ImapKit::baseline);
        assertThat(failure.code()).isEqualTo(FailureCode.CONNECT_FAILED);
    }

    @Test
    void a_mailbox_that_is_refused_is_missing_only_where_the_list_does_not_have_it()
            throws IOException {
        for (boolean listed : new boolean[] {true, false}) {
            MailFailure failure =
                    ImapKit.failing(
                            OLD
                                    + "C: {tag} EXAMINE INBOX\nS: {tag} NO something went wrong\n"
                                    + "C: {tag} LIST \"\" INBOX\n"
                                    + (listed ? "S: * LIST () \"/\" INBOX\n" : "")
                                    + "S: {tag} OK done\n"
                                    + GOODBYE,
                            ImapKit::baseline);
            assertThat(failure.code())
                    .isEqualTo(listed ? FailureCode.SERVER_ERROR : FailureCode.MAILBOX_MISSING);
            assertThat(failure.reason()).contains("something went wrong");
        }
    }

    @Test
    void a_mailbox_is_not_missing_when_the_server_is_unwell() throws IOException {
        MailFailure failure =
                ImapKit.failing(
                        OLD
                                + "C: {tag} EXAMINE INBOX\n"
                                + "S: {tag} NO [UNAVAILABLE] backend down\n"
                                + GOODBYE,
                        ImapKit::baseline);
        assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
    }

    @Test
    void an_exchange_without_a_backend_is_no_missing_mailbox() throws IOException {
        MailFailure failure =
                ImapKit.failing(
                        OLD
                                + "C: {tag} EXAMINE INBOX\n"
                                + "S: {tag} BAD User is authenticated but not connected.\n"
                                + GOODBYE,
                        ImapKit::baseline);
        assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
        assertThat(failure.reason()).contains("IMAP may be switched off");
        assertThat(failure.retryAfter()).isEmpty();
    }

    @Test
    void lines_that_end_with_a_bare_lf_are_read() throws IOException {
        String script =
                OLD
                        + """
                        C: {tag} EXAMINE INBOX
                        ! raw * 0 EXISTS\\n* OK [UIDVALIDITY 7] x\\n* OK [UIDNEXT 1] x\\n
                        S: {tag} OK done
                        """;
        ImapObservation seen = ImapKit.playing(script + GOODBYE, ImapKit::baseline);
        assertThat(seen.uidValidity()).isEqualTo(7);
    }

    @Test
    void braces_in_a_text_announce_nothing() throws IOException {
        ImapObservation seen =
                ImapKit.playing(
                        OLD
                                + EXAMINED.replace(
                                        "S: * 5", "S: * OK see {99}\nS: * OK see }\nS: * 5")
                                + "C: {tag} FETCH 5 (UID)\nS: * 5 FETCH (UID 11)\n"
                                + "S: {tag} OK done {5}\n"
                                + GOODBYE,
                        ImapKit::baseline);
        assertThat(seen.topUid()).isEqualTo(11);
    }

    @Test
    void only_envelopes_that_were_asked_for_are_taken() throws IOException {
        List<Envelope> envelopes =
                ImapKit.playing(
                        OLD
                                + EXAMINED
                                + "C: {tag} FETCH 5 (UID)\nS: * 5 FETCH (UID 11)\n"
                                + "S: {tag} OK done\n"
                                + "C: {tag} UID FETCH 10,11 (UID ENVELOPE)\n"
                                + "S: * 1 FETCH (UID 1392611444 ENVELOPE (NIL \"no\" NIL))\n"
                                + "S: * 4 FETCH (ENVELOPE (NIL {9}\n"
                                + "! raw \\xc4\\xe3\\xba\\xc3 (x)\n"
                                + "S:  ((\"A\" NIL \"a\" \"b.c\")) NIL NIL NIL NIL NIL NIL NIL)"
                                + " UID 10)\n"
                                + "S: * 5 FETCH (UID 11 ENVELOPE (\"x\" ((((()\n"
                                + "S: {tag} OK done\n"
                                + GOODBYE,
                        session -> {
                            ImapKit.baseline(session);
                            return session.envelopes(List.of(10L, 11L));
                        });
        assertThat(envelopes).containsExactly(new Envelope("10", "A <a@b.c>", "你好 (x)", null));
    }

    @Test
    void a_mark_at_the_end_of_all_uids_finds_nothing_more() throws IOException {
        ImapMark end = new ImapMark(7, ImapMark.UID_LIMIT, 6, 4_294_967_295L);
        ImapObservation seen =
                ImapKit.playing(
                        OLD
                                + CHANGED.replace("UIDNEXT 12", "UIDNEXT 4294967296")
                                + EXAMINED.replace("UIDNEXT 12", "UIDNEXT 4294967296")
                                + "C: {tag} FETCH 5 (UID)\nS: * 5 FETCH (UID 4294967295)\n"
                                + "S: {tag} OK done\n"
                                + GOODBYE,
                        session -> session.observe(check(end)));
        assertThat(seen.uidNext()).isEqualTo(ImapMark.UID_LIMIT);
        assertThat(seen.found().isEmpty()).isTrue();
    }

    @Test
    void a_session_that_failed_is_not_spoken_to_again() throws IOException {
        MailFailure failure =
                ImapKit.failing(
                        OLD + "C: {tag} EXAMINE INBOX\nS: * 5 EXISTS\n! drop\n",
                        session -> {
                            MailFailure first =
                                    catchThrowableOfType(
                                            MailFailure.class, () -> ImapKit.baseline(session));
                            assertThat(first.code()).isEqualTo(FailureCode.CONNECT_FAILED);
                            return ImapKit.baseline(session);
                        });
        assertThat(failure.code()).isEqualTo(FailureCode.CONNECT_FAILED);
    }

    @Test
    void a_list_of_mailboxes_is_read_in_any_shape() throws IOException {
        List<String> names =
                ImapKit.playing(
                        OLD
                                + "C: {tag} LIST \"\" \"*\"\n"
                                + "S: * LIST () NIL iNbOx\n"
                                + "S: * list (\\HasNoChildren) \"/\" {5}\nS: a b c\n"
                                + "S: * LIST (\\Marked) \"\" \"d e\"  \n"
                                + "S: * LIST () {1}\nS: / \"f/g\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\n"
                                + "S: * LSUB () \"/\" h\n"
                                + "S: * LIST (\\noselect) \"/\" i\n"
                                + "S: * LIST () \"/\"\n"
                                + "S: * LIST\n"
                                + "S: * LIST () \"\\\\\" \"j\\\\k\"\n"
                                + "S: * LIST (\\HasNoChildren) \"/\" Posta in uscita\n"
                                + "S: * LIST () \".\" \"ab\"cd\"\n"
                                + "S: * LIST () \"\\\" \"Sent Items\"\n"
                                + "S: {tag} OK\n"
                                + GOODBYE,
                        ImapSession::mailboxes);
        assertThat(names)
                .containsExactly(
                        "INBOX",
                        "a b c",
                        "d e",
                        "f/g",
                        "j\\k",
                        "Posta in uscita",
                        "ab\"cd",
                        "Sent Items");
    }

    @Test
    void a_goodbye_before_the_answer_is_the_failure_that_it_names() throws IOException {
        MailFailure failure =
                ImapKit.failing(
                        OLD
                                + "C: {tag} EXAMINE INBOX\nS: * 5 EXISTS\n"
                                + "S: * bye [UNAVAILABLE] maintenance\n! drop\n",
                        ImapKit::baseline);
        assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
        assertThat(failure.reason()).contains("maintenance");
    }

    @Test
    void a_mailbox_that_cannot_be_examined_is_never_selected() throws IOException {
        MailFailure failure =
                ImapKit.failing(
                        OLD + "C: {tag} EXAMINE INBOX\nS: {tag} BAD unknown command\n" + GOODBYE,
                        ImapKit::baseline);
        assertThat(failure.code()).isIn(FailureCode.SERVER_ERROR, FailureCode.PROTOCOL_ERROR);
        assertThat(failure.reason()).contains("unknown command");
    }
}
