package dev.mailbell.mail.imap;

import static dev.mailbell.mail.imap.ImapKit.check;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapObservation;
import dev.mailbell.detection.UidSet;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.imap.ImapKit.TrackedMailbox;
import dev.mailbell.mail.scripted.ScriptedServer;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Servers as they talk. */
class TranscriptTest {

    private static ScriptedServer playing(String name) {
        return ScriptedServer.playingResource("transcripts/imap/" + name + ".txt");
    }

    @Test
    void counts_on_163_rest_on_the_last_uid() throws IOException {
        try (ScriptedServer server = playing("163")) {
            TrackedMailbox inbox = new TrackedMailbox("INBOX");
            try (ImapSession session = ImapKit.open(server)) {
                assertThat(inbox.check(session).kind()).isEqualTo(Kind.BASELINE);
                assertThat(inbox.mark()).isEqualTo(new ImapMark(1, 1392611536, 31, 1392611535));
                assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                assertThat(inbox.check(session).newest())
                        .isEqualTo(List.of(1392611544L, 1392611591L));
                assertThat(inbox.check(session).newCount()).isZero();
                assertThat(inbox.mark())
                        .isEqualTo(
                                new ImapMark(
                                        1,
                                        1392611592,
                                        29,
                                        1392611544,
                                        UidSet.parse("1392611536:1392611543,1392611545:1392611590"),
                                        false));
            }
            try (ImapSession session = ImapKit.open(server)) {
                assertThat(inbox.check(session).newCount()).isEqualTo(1);
                assertThat(inbox.mark().topUid()).isEqualTo(1396969765);
            }
        }
    }

    @Test
    void sina_is_watched_in_several_mailboxes_without_unselect() throws IOException {
        try (ScriptedServer server = playing("sina");
                ImapSession session = ImapKit.open(server)) {
            assertThat(session.capabilities()).containsExactly("IMAP4REV1", "ID");
            TrackedMailbox folder = new TrackedMailbox("商讯信息");
            TrackedMailbox inbox = new TrackedMailbox("INBOX");
            assertThat(folder.check(session).kind()).isEqualTo(Kind.BASELINE);
            assertThat(folder.mark()).isEqualTo(new ImapMark(1, 206, 67, 205));
            assertThat(folder.check(session).kind()).isEqualTo(Kind.NOTHING);
            assertThat(inbox.check(session).kind()).isEqualTo(Kind.BASELINE);
            assertThat(folder.check(session).newest()).isEqualTo(List.of(206L));
        }
    }

    @Test
    void qq_repeats_itself_and_is_counted_once() throws IOException {
        try (ScriptedServer server = playing("qq")) {
            TrackedMailbox inbox = new TrackedMailbox("INBOX");
            try (ImapSession session = ImapKit.open(server)) {
                inbox.check(session);
                assertThat(inbox.check(session).newCount()).isEqualTo(1);
                assertThat(inbox.mark()).isEqualTo(new ImapMark(1400000000, 10, 6, 9));
            }
            MailFailure failure =
                    catchThrowableOfType(MailFailure.class, () -> ImapKit.open(server));
            assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
            assertThat(failure.reason()).contains("service is not open");
        }
    }

    @Test
    void courier_gives_a_uid_twice_and_is_counted_by_headers() throws IOException {
        try (ScriptedServer server = playing("courier");
                ImapSession session = ImapKit.open(server)) {
            TrackedInbox inbox = new TrackedInbox(null);
            assertThat(inbox.check(session).kind()).isEqualTo(Kind.BASELINE);
            assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
            Change change = inbox.check(session);
            assertThat(change.newCount()).isEqualTo(1);
            assertThat(change.newest()).containsExactly(4L);
        }
    }

    @Test
    void a_server_may_tell_uidnext_in_status_only() throws IOException {
        try (ScriptedServer server = playing("uidnext-in-status");
                ImapSession session = ImapKit.open(server)) {
            ImapObservation seen = session.observe(check(new ImapMark(1700000001, 10, 4, 9)));
            assertThat(seen.found().isEmpty()).isTrue();
            assertThat(seen.uidNext()).isEqualTo(12);
            assertThat(seen.topUid()).isEqualTo(9);
        }
    }
}
