package dev.mailbell.mail.imap;

import static dev.mailbell.mail.imap.ImapKit.GOODBYE;
import static dev.mailbell.mail.imap.ImapKit.check;
import static dev.mailbell.mail.imap.ImapScripts.answered;
import static dev.mailbell.mail.imap.ImapScripts.examine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapState;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.PushSession.Hint;
import dev.mailbell.mail.PushSession.Wake;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What counts as a hint while a server is waited for. */
class PushDialogueTest {
    private static final String LOGIN =
            """
            S: * OK [CAPABILITY IMAP4rev1 ESEARCH IDLE NOTIFY UNSELECT] ready
            C: {tag} LOGIN ann@mail.example s3cret-word
            S: {tag} OK in
            C: {tag} CAPABILITY
            S: * CAPABILITY IMAP4rev1 ESEARCH IDLE NOTIFY UNSELECT
            S: {tag} OK done
            """;

    private static final String EXAMINED =
            """
            C: {tag} EXAMINE INBOX
            S: * 0 RECENT
            S: * 0 EXISTS
            S: * OK [UIDVALIDITY 7] ok
            S: * OK [UIDNEXT 1] ok
            S: {tag} OK done
            """;

    private static final String NOTIFY =
            """
            C: {tag} NOTIFY SET (SELECTED-DELAYED {*}) (MAILBOXES (Work) {*})
            S: {tag} OK done
            """;

    private static List<Hint> hints(String lines) throws IOException {
        List<Hint> asked = new ArrayList<>();
        ImapKit.playing(
                LOGIN
                        + NOTIFY
                        + EXAMINED
                        + "C: {tag} IDLE\nS: + idling\n"
                        + lines
                        + "\nS: {tag} OK the server ends it\n"
                        + GOODBYE,
                session -> {
                    session.push(List.of("INBOX", "Work"));
                    session.observe(check(null));
                    Wake wake =
                            session.await(hint -> {
                                asked.add(hint);
                                return Optional.empty();
                            });
                    assertThat(wake).isEqualTo(Wake.ENDED);
                    return true;
                });
        // Asked again when IDLE was over.
        return asked.stream().distinct().toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    S: * 1 EXISTS                            | GROWN
                    S: * 0 EXISTS                            | REPEATED
                    S: * 2 RECENT                            | REPEATED
                    S: * 0 RECENT                            |
                    S: * STATUS Work (MESSAGES 1 UIDNEXT 2)  | ELSEWHERE
                    S: * STATUS "work" (MESSAGES 1)          | ELSEWHERE
                    S: * STATUS Wrk (MESSAGES 1)             | ELSEWHERE
                    S: * LIST () "/" Work                    |
                    S: * OK [ALERT] hello                    |
                    S: * OK still here                       |
                    S: * 1 FETCH (FLAGS (\\Seen))            |
                    """)
    void each_kind_of_untagged_answer_is_the_hint_that_it_is(String line, Hint hint)
            throws IOException {
        assertThat(hints(line)).isEqualTo(hint == null ? List.of() : List.of(hint));
    }

    @Test
    void answers_to_status_are_no_hints_and_a_status_that_says_nothing_new_is_none()
            throws IOException {
        String script =
                LOGIN
                        + NOTIFY
                        + "C: {tag} EXAMINE Work\nS: * 0 EXISTS\nS: * OK [UIDVALIDITY 7] ok\n"
                        + "S: * OK [UIDNEXT 1] ok\nS: {tag} OK done\n"
                        + "C: {tag} UNSELECT\nS: {tag} OK done\n"
                        + "C: {tag} STATUS Work (MESSAGES UIDNEXT UIDVALIDITY)\n"
                        + "S: * STATUS \"wOrk\" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)\n"
                        + "S: * STATUS Other (MESSAGES 9)\n"
                        + "S: {tag} OK done\n"
                        + EXAMINED
                        + "C: {tag} IDLE\nS: + idling\n"
                        + "S: * STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)\n"
                        + "S: {tag} OK the server ends it\n"
                        + GOODBYE;
        Wake wake =
                ImapKit.playing(
                        script,
                        session -> {
                            session.push(List.of("INBOX", "Work"));
                            var work = session.observe(check("Work", null));
                            session.observe(check("Work", ImapKit.mark(work)));
                            session.observe(check(null));
                            return session.await(hint -> Optional.of(Duration.ZERO));
                        });
        assertThat(wake).isEqualTo(Wake.ENDED);
    }

    @Test
    void a_host_that_gives_up_notify_twice_is_not_asked_for_it_again() throws IOException {
        String overflowing =
                LOGIN
                        + NOTIFY
                        + EXAMINED
                        + "C: {tag} IDLE\nS: + idling\n"
                        + "S: * OK [NOTIFICATIONOVERFLOW] too much\n! silence\n---\n";
        ImapSessions sessions = ImapKit.sessions();
        try (ScriptedServer server =
                ScriptedServer.playing(overflowing + overflowing + LOGIN + EXAMINED + GOODBYE)) {
            for (int i = 0; i < 3; i++) {
                try (ImapSession session =
                        sessions.open(ImapKit.login(server.port()), Deadline.after(ImapKit.LONG))) {
                    assertThat(session.push(List.of("INBOX", "Work"))).isEqualTo(i < 2);
                    session.observe(check(null));
                    if (i < 2) {
                        assertThat(
                                        catchThrowableOfType(
                                                MailFailure.class,
                                                () -> session.await(hint -> Optional.empty())))
                                .isNotNull();
                    }
                }
            }
        }
    }

    @Test
    void a_server_that_does_not_take_idle_is_not_waited_for_until_the_next_safety_check()
            throws IOException {
        ImapSessions sessions =
                new ImapSessions(
                        new Loopback().connector(),
                        ImapSessions.BYTE_BUDGET,
                        Duration.ofMillis(300));
        String script = LOGIN + EXAMINED + "C: {tag} IDLE\nS: * OK one moment\n! silence\n";
        try (ScriptedServer server = ScriptedServer.playing(script);
                ImapSession session =
                        sessions.open(
                                ImapKit.login(server.port()),
                                Deadline.after(Duration.ofMinutes(10)))) {
            session.push(List.of("INBOX"));
            session.observe(check(null));
            // It takes longer than this test may where the deadline of the waiting is what ends it.
            MailFailure failure =
                    catchThrowableOfType(
                            MailFailure.class, () -> session.await(hint -> Optional.empty()));
            assertThat(failure.code()).isEqualTo(FailureCode.TIMEOUT);
        }
    }

    @Test
    void idle_that_the_server_ends_over_and_over_is_given_up() {
        IdleEndings endings = new IdleEndings();
        long second = 1_000_000_000;
        for (int i = 0; i < 2; i++) {
            endings.ended(true, second / 2);
        }
        endings.ended(false, second / 2);
        assertThat(endings.areTooMany()).isFalse();
        for (int i = 0; i < 7; i++) {
            endings.ended(true, 2 * second);
            endings.ended(false, 2 * second);
        }
        assertThat(endings.areTooMany()).isFalse();
        endings.ended(true, 2 * second);
        assertThat(endings.areTooMany()).isTrue();
        endings.ended(true, 61 * second);
        for (int i = 0; i < 3; i++) {
            assertThat(endings.areTooMany()).isFalse();
            endings.ended(true, second / 2);
        }
        assertThat(endings.areTooMany()).isTrue();
    }

    @Test
    void mail_in_a_mailbox_whose_uids_began_anew_is_found_while_more_mail_comes()
            throws IOException {
        String login = LOGIN.replace(" ESEARCH", "").replace(" NOTIFY", "");
        String none = answered("UID SEARCH UID 101:4294967295", "* SEARCH");
        String older =
                examine(50, 51, 7)
                        + none
                        + answered("FETCH 50 (UID)", "* 50 FETCH (UID 50)")
                        + "C: {tag} UID SEARCH SINCE {*}\nS: * SEARCH 50\nS: {tag} OK done\n"
                        + answered(
                                "UID FETCH 50 (UID INTERNALDATE)",
                                "* 50 FETCH (UID 50 INTERNALDATE \"20-Nov-2099 10:00:00 +0000\")");
        String script =
                login
                        + older
                        + "C: {tag} IDLE\nS: + idling\nS: * 50 EXISTS\nC: DONE\nS: {tag} OK done\n"
                        + none
                        + answered("FETCH 50 (UID)", "* 50 FETCH (UID 50)")
                        + older.repeat(ImapState.OLDER_VIEWS - 1)
                        + GOODBYE;
        TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 101, 100, 100));
        ImapKit.playing(
                script,
                session -> {
                    session.push(List.of("INBOX"));
                    assertThat(inbox.check(session).kind()).isEqualTo(Change.Kind.NOTHING);
                    assertThat(session.await(hint -> Optional.of(Duration.ofMillis(1))))
                            .isEqualTo(Wake.CHANGED);
                    assertThat(inbox.check(session).kind()).isEqualTo(Change.Kind.NOTHING);
                    for (int view = 2; view < ImapState.OLDER_VIEWS; view++) {
                        assertThat(inbox.check(session).kind()).isEqualTo(Change.Kind.NOTHING);
                    }
                    Change reset = inbox.check(session);
                    assertThat(reset.kind()).isEqualTo(Change.Kind.RESET);
                    assertThat(reset.newCount()).isEqualTo(1);
                    return session;
                });
    }

    @Test
    void a_keep_alive_that_crosses_the_end_of_idle_fails_no_check() throws IOException {
        String script =
                LOGIN
                        + EXAMINED
                        + "C: {tag} IDLE\nS: + idling\nS: * 1 EXISTS\nS: + still here\n"
                        + "C: DONE\nS: {tag} OK done\n"
                        + answered(
                                "UID SEARCH RETURN (ALL COUNT) UID 1:4294967295",
                                "* ESEARCH (TAG \"x\") UID ALL 1 COUNT 1")
                        + GOODBYE;
        ImapKit.playing(
                script,
                session -> {
                    session.push(List.of("INBOX"));
                    TrackedInbox inbox = new TrackedInbox(null);
                    inbox.check(session);
                    assertThat(session.await(hint -> Optional.of(Duration.ZERO)))
                            .isEqualTo(Wake.CHANGED);
                    assertThat(inbox.check(session).newCount()).isEqualTo(1);
                    return session;
                });
    }
}
