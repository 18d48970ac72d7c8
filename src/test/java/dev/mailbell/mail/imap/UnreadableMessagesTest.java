package dev.mailbell.mail.imap;

import static dev.mailbell.mail.imap.ImapKit.GOODBYE;
import static dev.mailbell.mail.imap.ImapKit.OLD;
import static dev.mailbell.mail.imap.ImapScripts.answered;
import static dev.mailbell.mail.imap.ImapScripts.examine;
import static dev.mailbell.mail.imap.ImapScripts.status;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.mail.Envelope;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that refuse a FETCH because they cannot read one of the messages. */
class UnreadableMessagesTest {
    private static final String REFUSED =
            "S: {tag} NO [UNAVAILABLE] FETCH Server error while fetching messages\n";

    private final TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 4, 3, 3));

    private static String refused(String command, String refusal, String... untagged) {
        return answered(command, untagged).replace("S: {tag} OK done\n", refusal);
    }

    private static String envelope(int uid) {
        return "* "
                + uid
                + " FETCH (UID "
                + uid
                + " ENVELOPE (NIL \"mail "
                + uid
                + "\" NIL NIL NIL NIL NIL NIL NIL NIL))";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                REFUSED,
                "S: {tag} NO Some messages could not be FETCHed (Failure)\n",
                "S: {tag} BAD Command Error. 10\n"
            })
    void an_envelope_that_is_refused_does_not_keep_its_mail_from_being_counted(String refusal)
            throws IOException {
        List<Envelope> envelopes =
                ImapKit.playing(
                        OLD
                                + status(6, 7, 7)
                                + examine(6, 7, 7)
                                + answered("UID SEARCH UID 4:4294967295", "* SEARCH 4 5 6")
                                + refused("UID FETCH 4,5,6 (UID ENVELOPE)", refusal, envelope(4))
                                + refused("UID FETCH 5 (UID ENVELOPE)", refusal)
                                + answered("UID FETCH 6 (UID ENVELOPE)", envelope(6))
                                + GOODBYE,
                        session -> {
                            Change change = inbox.check(session);
                            assertThat(change.newCount()).isEqualTo(3);
                            return session.envelopes(List.of(4L, 5L, 6L));
                        });
        assertThat(envelopes).extracting(Envelope::subject).containsExactly("mail 4", "mail 6");
    }

    @Test
    void a_message_that_is_counted_but_cannot_be_read_does_not_hide_the_others()
            throws IOException {
        // Gmail had mailboxes with such a hole: EXISTS counts it, no query finds it.
        String hole = "S: {tag} NO Some messages could not be FETCHed (Failure)\n";
        String search = answered("UID SEARCH UID 4:4294967295", "* SEARCH 5");
        ImapKit.playing(
                OLD
                        + status(5, 6, 7)
                        + examine(5, 6, 7)
                        + search
                        + answered("NOOP")
                        + search
                        + refused("FETCH 4 (UID)", hole)
                        + refused("UID FETCH 4:* (UID)", hole, "* 5 FETCH (UID 5)")
                        + refused("FETCH 4 (UID)", hole)
                        + answered("NOOP")
                        + refused("UID FETCH 4:* (UID)", hole, "* 5 FETCH (UID 5)")
                        + refused("FETCH 4 (UID)", hole)
                        + all(hole)
                        + answered("NOOP")
                        + all(hole)
                        + GOODBYE,
                session -> {
                    Change change = inbox.check(session);
                    assertThat(change.newCount()).isEqualTo(1);
                    assertThat(inbox.mark().total()).isEqualTo(5);
                    return change;
                });
    }

    private static String all(String hole) {
        return refused(
                "UID FETCH 1:* (UID)",
                hole,
                "* 1 FETCH (UID 1)",
                "* 2 FETCH (UID 2)",
                "* 3 FETCH (UID 3)",
                "* 5 FETCH (UID 5)");
    }

    @Test
    void of_a_reset_the_messages_are_counted_whose_dates_the_server_gives_alone()
            throws IOException {
        ImapKit.playing(
                OLD
                        + status(2, 3, 8)
                        + examine(2, 3, 8)
                        + examine(2, 3, 8)
                        + answered("FETCH 2 (UID)", "* 2 FETCH (UID 2)")
                        + "C: {tag} UID SEARCH SINCE {*}\nS: * SEARCH 1 2\nS: {tag} OK done\n"
                        + refused("UID FETCH 1:2 (UID INTERNALDATE)", REFUSED)
                        + refused("UID FETCH 1 (UID INTERNALDATE)", REFUSED)
                        + answered(
                                "UID FETCH 2 (UID INTERNALDATE)",
                                "* 2 FETCH (UID 2 INTERNALDATE \"20-Nov-2099 10:00:00 +0000\")")
                        + GOODBYE,
                session -> {
                    Change change = inbox.check(session);
                    assertThat(change.kind()).isEqualTo(Change.Kind.RESET);
                    assertThat(change.newCount()).isEqualTo(1);
                    return change;
                });
    }

    @Test
    void a_message_without_a_uid_does_not_keep_the_others_from_being_counted() throws IOException {
        String refusal = "S: {tag} BAD unknown\n";
        ImapKit.playing(
                OLD
                        + status(4, 5, 7)
                        + examine(4, 5, 7)
                        + refused("UID SEARCH UID 4:4294967295", refusal)
                        + refused("UID FETCH 4:* (UID)", refusal)
                        + answered(
                                "UID FETCH 1:* (UID)",
                                "* 1 FETCH (UID 0)",
                                "* 2 FETCH (UID 2)",
                                "* 3 FETCH (UID 3)",
                                "* 4 FETCH (UID 4)")
                        + answered("NOOP")
                        + answered(
                                "UID FETCH 1:* (UID)",
                                "* 1 FETCH (UID 0)",
                                "* 2 FETCH (UID 2)",
                                "* 3 FETCH (UID 3)",
                                "* 4 FETCH (UID 4)")
                        + GOODBYE,
                session -> {
                    assertThat(inbox.check(session).newCount()).isEqualTo(1);
                    return inbox;
                });
    }

    /** Mailboxes whose messages are known by their headers. */
    private static final String COURIER =
            OLD.replace("S: * OK ready", "S: * OK Courier-IMAP ready. Copyright 1998-2019");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "S: {tag} OK done\n",
                "S: * NO [ALERT] Cannot open message 2: No such file or directory\n"
                        + "S: {tag} OK done\n",
                "S: {tag} NO [UNAVAILABLE] FETCH Server error while fetching messages\n"
            })
    void a_message_without_headers_does_not_keep_the_others_from_being_counted(String end)
            throws IOException {
        String three = without("* 2 FETCH", ImapScripts.headers("a", "b", "c"), end);
        String four = without("* 2 FETCH", ImapScripts.headers("a", "b", "c", "d"), end);
        ImapKit.playing(
                COURIER
                        + examine(3, 4, 7)
                        + three
                        + answered("NOOP")
                        + three
                        + examine(4, 5, 7)
                        + four
                        + answered("NOOP")
                        + four
                        // It can be read again.
                        + examine(4, 5, 7)
                        + ImapScripts.headers("a", "b", "c", "d")
                        + examine(4, 5, 7)
                        + ImapScripts.headers("a", "b", "c", "d")
                        + GOODBYE,
                session -> {
                    TrackedInbox tracked = new TrackedInbox(null);
                    assertThat(tracked.check(session).kind()).isEqualTo(Change.Kind.BASELINE);
                    assertThat(tracked.check(session).newCount()).isEqualTo(1);
                    // No check has found it before.
                    assertThat(tracked.check(session).newCount()).isEqualTo(1);
                    assertThat(tracked.check(session).newCount()).isZero();
                    return tracked;
                });
    }

    private static String without(String line, String listing, String end) {
        return listing.lines()
                        .filter(each -> !each.contains(line) && !each.endsWith("OK done"))
                        .map(each -> each + "\n")
                        .collect(Collectors.joining())
                + end;
    }

    @Test
    void a_message_whose_headers_are_nil_for_a_while_is_not_announced_again() throws IOException {
        String both = ImapScripts.headers("a", "b");
        String nil = both.replace("\"Message-ID: <b>\"", "NIL");
        ImapKit.playing(
                COURIER
                        + examine(2, 3, 7)
                        + both
                        + examine(2, 3, 7)
                        // The last messages, and two listings that are the same.
                        + nil
                        + nil
                        + answered("NOOP")
                        + nil
                        // One listing that is as the last check took it.
                        + examine(2, 3, 7)
                        + nil
                        + examine(2, 3, 7)
                        + both
                        + GOODBYE,
                session -> {
                    TrackedInbox tracked = new TrackedInbox(null);
                    assertThat(tracked.check(session).kind()).isEqualTo(Change.Kind.BASELINE);
                    for (int check = 0; check < 3; check++) {
                        assertThat(tracked.check(session).newCount()).isZero();
                    }
                    return tracked;
                });
    }

    @Test
    void a_mailbox_of_which_no_message_can_be_read_is_watched() throws IOException {
        String one = ImapScripts.headers("a");
        String nil = one.replace("\"Message-ID: <a>\"", "NIL");
        ImapKit.playing(
                COURIER
                        + examine(1, 2, 7)
                        + nil
                        + answered("NOOP")
                        + nil
                        + examine(1, 2, 7)
                        + one
                        + GOODBYE,
                session -> {
                    TrackedInbox tracked = new TrackedInbox(null);
                    assertThat(tracked.check(session).kind()).isEqualTo(Change.Kind.BASELINE);
                    assertThat(tracked.check(session).newCount()).isEqualTo(1);
                    return tracked;
                });
    }

    @Test
    void headers_that_are_all_refused_are_a_failure_in_the_server_s_words() throws IOException {
        assertThat(
                        ImapKit.failing(
                                        COURIER
                                                + examine(2, 3, 7)
                                                + without(
                                                        "FETCH (",
                                                        ImapScripts.headers("a", "b"),
                                                        REFUSED)
                                                + GOODBYE,
                                        ImapKit::baseline)
                                .reason())
                .contains("FETCH Server error while fetching messages");
    }
}
