package dev.mailbell.mail.imap;

import static dev.mailbell.mail.imap.ImapKit.GOODBYE;
import static dev.mailbell.mail.imap.ImapKit.MODERN;
import static dev.mailbell.mail.imap.ImapKit.OLD;
import static dev.mailbell.mail.imap.ImapScripts.answered;
import static dev.mailbell.mail.imap.ImapScripts.examine;
import static dev.mailbell.mail.imap.ImapScripts.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Servers that end the session at one of the commands of a check. After two losses it is avoided.
 */
class LostSessionsTest {
    private static final String FETCHED = "UID FETCH 4,5 (UID ENVELOPE)";
    private static final String ENVELOPE =
            "(UID 5 ENVELOPE (NIL \"fine\" NIL NIL NIL NIL NIL NIL NIL NIL))";

    private final ImapSessions sessions = ImapKit.sessions();
    private final TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 4, 3, 3));

    private void with(ScriptedServer server, Consumer<ImapSession> use) {
        try (ImapSession session =
                sessions.open(ImapKit.login(server.port()), Deadline.after(ImapKit.LONG))) {
            use.accept(session);
        }
    }

    private void loses(ScriptedServer server, Consumer<ImapSession> use) {
        assertThatThrownBy(() -> with(server, use)).isInstanceOf(MailFailure.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "S: * BYE Internal error occurred\n"})
    void a_search_at_which_the_session_is_lost_is_not_asked_again(String goodbye)
            throws IOException {
        String opened = MODERN + status(4, 5, 7) + examine(4, 5, 7);
        String end = "\n" + goodbye + "! drop\n---\n";
        String extended = opened + "C: {tag} UID SEARCH RETURN (ALL COUNT) UID 4:4294967295" + end;
        String plain = opened + "C: {tag} UID SEARCH UID 4:4294967295" + end;
        try (ScriptedServer server =
                ScriptedServer.playing(
                        extended
                                + extended
                                + plain
                                + plain
                                + opened
                                + answered("UID FETCH 4:* (UID)", "* 4 FETCH (UID 4)")
                                + GOODBYE)) {
            for (int i = 0; i < 4; i++) {
                loses(server, inbox::check);
            }
            with(server, session -> assertThat(inbox.check(session).newCount()).isEqualTo(1));
        }
    }

    @Test
    void a_status_at_which_a_new_session_is_lost_is_not_asked_again() throws IOException {
        String lost =
                OLD + "C: {tag} STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\n" + "! drop\n---\n";
        try (ScriptedServer server =
                ScriptedServer.playing(
                        lost
                                + lost
                                + OLD
                                + examine(4, 5, 7)
                                + answered("UID SEARCH UID 4:4294967295", "* SEARCH 4")
                                + GOODBYE)) {
            loses(server, inbox::check);
            loses(server, inbox::check);
            with(server, session -> assertThat(inbox.check(session).newCount()).isEqualTo(1));
        }
    }

    @Test
    void a_status_of_many_at_which_a_new_session_is_lost_is_not_asked_again() throws IOException {
        String login = MODERN.replace("ESEARCH", "LIST-EXTENDED LIST-STATUS");
        String lost =
                login
                        + "C: {tag} LIST \"\" (INBOX Sent) RETURN (STATUS (MESSAGES"
                        + " UIDNEXT UIDVALIDITY))\n! drop\n---\n";
        try (ScriptedServer server =
                ScriptedServer.playing(
                        lost
                                + lost
                                + login
                                + examine(4, 5, 7)
                                + answered("UID SEARCH UID 4:4294967295", "* SEARCH 4")
                                + GOODBYE)) {
            List<String> names = List.of("INBOX", "Sent");
            loses(server, session -> session.expect(names));
            loses(server, session -> session.expect(names));
            with(
                    server,
                    session -> {
                        session.expect(names);
                        assertThat(inbox.check(session).newCount()).isEqualTo(1);
                    });
        }
    }

    @Test
    void envelopes_at_which_the_session_is_lost_are_not_asked_for_again() throws IOException {
        String found =
                OLD
                        + status(5, 6, 7)
                        + examine(5, 6, 7)
                        + answered("UID SEARCH UID 4:4294967295", "* SEARCH 4 5");
        String lost = found + "C: {tag} " + FETCHED + "\n! drop\n---\n";
        try (ScriptedServer server =
                ScriptedServer.playing(
                        lost
                                + lost
                                + found
                                + answered("UID FETCH 6 (UID ENVELOPE)", "* 6 FETCH (UID 6)")
                                + answered(FETCHED, "* 5 FETCH " + ENVELOPE)
                                + GOODBYE)) {
            for (int i = 0; i < 2; i++) {
                loses(
                        server,
                        session -> {
                            session.observe(ImapKit.check(inbox.mark()));
                            session.envelopes(List.of(4L, 5L));
                        });
            }
            with(
                    server,
                    session -> {
                        session.observe(ImapKit.check(inbox.mark()));
                        assertThat(session.envelopes(List.of(4L, 5L, 6L))).isEmpty();
                        assertThat(session.envelopes(List.of(4L, 5L)))
                                .extracting(Envelope::subject)
                                .containsExactly("fine");
                    });
        }
    }
}
