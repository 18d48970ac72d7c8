package dev.mailbell.mail.imap.login;

import static dev.mailbell.mail.imap.ImapKit.GOODBYE;
import static dev.mailbell.mail.imap.ImapKit.OLD;
import static dev.mailbell.mail.imap.ImapScripts.answered;
import static dev.mailbell.mail.imap.ImapScripts.examine;
import static dev.mailbell.mail.imap.ImapScripts.headers;
import static dev.mailbell.mail.imap.ImapScripts.status;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.imap.IdentityCheck;
import dev.mailbell.mail.imap.ImapKit;
import dev.mailbell.mail.imap.ImapScripts;
import dev.mailbell.mail.imap.TrackedInbox;
import java.io.IOException;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Servers that are known for unstable UIDs, from their first check on. */
class UidStabilityTest {
    private static final String COURIER =
            OLD.replace("S: * OK ready", "S: * OK Courier-IMAP ready. Copyright 1998-2019");
    private static final String BEHIND_A_PROXY =
            OLD.replace("IMAP4rev1", "IMAP4rev1 ACL ACL2=UNION").replace("OK ready", "OK proxy");
    private static final String GNU =
            """
            S: * OK IMAP4rev1
            C: {tag} CAPABILITY
            S: * CAPABILITY IMAP4rev1 ID
            S: {tag} OK done
            C: {tag} ID ("name" "Mailbell" "version" "{*}")
            S: * ID ("name" "GNU Mailutils" "version" "3.15")
            S: {tag} OK done
            C: {tag} LOGIN ann@mail.example s3cret-word
            S: {tag} OK in
            C: {tag} CAPABILITY
            S: * CAPABILITY IMAP4rev1 ID
            S: {tag} OK done
            """;
    private static final String ITEMS =
            "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE)])";

    @Test
    void a_uid_that_passes_to_the_next_message_is_found_out() throws IOException {
        for (String server : new String[] {COURIER, BEHIND_A_PROXY, GNU}) {
            ImapKit.playing(
                    server
                            + examine(3, 4, 7)
                            + headers("a", "b", "c")
                            + examine(3, 4, 7)
                            + headers("a", "b", "c")
                            + examine(3, 4, 7)
                            + headers("a", "c", "d")
                            + headers("a", "c", "d")
                            + GOODBYE,
                    session -> {
                        TrackedInbox inbox = new TrackedInbox(null);
                        assertThat(inbox.check(session).kind()).isEqualTo(Kind.BASELINE);
                        assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                        assertThat(session.proof()).contains(Proof.IDENTITY);
                        Change change = inbox.check(session);
                        assertThat(change.newCount()).isEqualTo(1);
                        assertThat(change.newest()).containsExactly(3L);
                        return inbox;
                    });
        }
    }

    @Test
    void a_host_that_is_called_after_such_a_server_keeps_its_uids() throws IOException {
        ImapKit.playing(
                OLD.replace("OK ready", "OK [ALERT] courier.example imap4d mailutils ready")
                        + status(3, 4, 7)
                        + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 4, 3, 3));
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                    assertThat(session.proof()).contains(Proof.STATUS);
                    return inbox;
                });
    }

    @Test
    void a_mailbox_that_was_counted_by_uids_is_taken_over_and_loses_nothing() throws IOException {
        // One of two went, two dated long ago came: the growth is one, the UIDs tell of two.
        ImapKit.playing(
                COURIER
                        + examine(3, 0, 7)
                        + headers("a", "b", "c")
                                .replace("(UID 3 I", "(UID 4 I")
                                .replace("(UID 2 I", "(UID 3 I")
                        + examine(3, 0, 7)
                        + headers("a", "b", "c")
                        + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 3, 2, 2));
                    inbox.lastCheckedAt = Instant.parse("2026-11-21T12:00:00Z");
                    assertThat(inbox.check(session).newCount()).isEqualTo(2);
                    assertThat(inbox.mark().approximate()).isTrue();
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                    return inbox;
                });
    }

    /** A listing of messages by their numbers, each with a Message-ID that is its name. */
    private static String numbered(int from, int to, int named) {
        StringBuilder script = new StringBuilder("C: {tag} FETCH " + from + ":* " + ITEMS + "\n");
        for (int number = from; number <= to; number++) {
            script.append("S: * ")
                    .append(number)
                    .append(" FETCH (UID ")
                    .append(number)
                    .append(" INTERNALDATE \"20-Nov-2026 13:00:00 +0100\" RFC822.SIZE 900")
                    .append(" BODY[HEADER.FIELDS (MESSAGE-ID DATE)] \"Message-ID: <")
                    .append(number - from + named)
                    .append(">\")\n");
        }
        return script + "S: {tag} OK done\n";
    }

    @Test
    void mail_in_a_large_mailbox_costs_the_last_headers_and_not_all() throws IOException {
        ImapKit.playing(
                COURIER
                        + examine(600, 0, 7)
                        + numbered(1, 600, 1)
                        // Nothing came.
                        + examine(600, 0, 7)
                        + numbered(597, 600, 597)
                        // Two came.
                        + examine(602, 0, 7)
                        + numbered(569, 602, 569)
                        // Three of the first went, one came: message 603 is number 600.
                        + examine(600, 0, 7)
                        + numbered(569, 600, 572)
                        // Three more came and as many of the first went.
                        + examine(600, 0, 7)
                        + numbered(597, 600, 603)
                        + numbered(569, 600, 575)
                        // The last four went: only a listing tells what is there.
                        + examine(596, 0, 7)
                        + numbered(565, 596, 571)
                        + numbered(1, 596, 7)
                        + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(null);
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.BASELINE);
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                    assertThat(inbox.check(session).newest()).containsExactly(601L, 602L);
                    assertThat(inbox.check(session).newest()).containsExactly(600L);
                    Change change = inbox.check(session);
                    assertThat(change.newCount()).isEqualTo(3);
                    assertThat(inbox.mark().total()).isEqualTo(600);
                    assertThat(inbox.check(session).newCount()).isZero();
                    assertThat(inbox.mark().total()).isEqualTo(596);
                    return inbox;
                });
    }

    @Test
    void copies_of_one_message_hide_no_arrival() throws IOException {
        ImapKit.playing(
                COURIER
                        + examine(5, 0, 7)
                        + headers("a", "b", "c", "d", "x")
                        + examine(5, 0, 7)
                        + ImapScripts.headersFrom(2, "c", "d", "x", "x")
                        + headers("b", "c", "d", "x", "x")
                        + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(null);
                    inbox.check(session);
                    assertThat(inbox.check(session).newCount()).isEqualTo(1);
                    return inbox;
                });
    }

    @Test
    void messages_whose_size_and_date_are_made_up_are_known_by_their_date_header()
            throws IOException {
        String first =
                "(UID 7 INTERNALDATE \"28-Nov-2026 13:00:00 +0000\" RFC822.SIZE 2"
                        + " BODY[HEADER.FIELDS (MESSAGE-ID DATE)] \"Date: Fri, 20 Nov 2026\")";
        ImapKit.playing(
                GNU
                        + examine(1, 8, 7)
                        + answered("FETCH 1:* " + ITEMS, "* 1 FETCH " + first)
                        + examine(1, 9, 8)
                        + answered(
                                "FETCH 1:* " + ITEMS,
                                "* 1 FETCH " + first.replace("13:00:00", "13:05:00"))
                        + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(null);
                    inbox.check(session);
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                    return inbox;
                });
    }

    @Test
    void a_mailbox_too_large_to_be_listed_is_counted_by_its_uids() throws IOException {
        int many = IdentityCheck.MAX_MESSAGES + 1;
        ImapKit.playing(
                COURIER + examine(many, many + 1, 7) + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(new ImapMark(7, many + 1, many, many));
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                    return inbox;
                });
    }

    @Test
    void a_mailbox_that_outgrew_every_listing_fails_and_says_why() throws IOException {
        assertThat(
                        ImapKit.failing(
                                COURIER
                                        + examine(3, 0, 7)
                                        + headers("a", "b", "c")
                                        + examine(1_000_000, 0, 7)
                                        + GOODBYE,
                                session -> {
                                    TrackedInbox inbox = new TrackedInbox(null);
                                    inbox.check(session);
                                    return inbox.check(session);
                                }))
                .satisfies(failure -> {
                    assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
                    assertThat(failure.reason())
                            .contains("1000000 messages")
                            .contains("up to 100000 messages");
                });
    }
}
