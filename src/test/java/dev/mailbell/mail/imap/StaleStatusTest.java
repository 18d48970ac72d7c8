package dev.mailbell.mail.imap;

import static dev.mailbell.mail.imap.ImapKit.GOODBYE;
import static dev.mailbell.mail.imap.ImapKit.MODERN;
import static dev.mailbell.mail.imap.ImapKit.OLD;
import static dev.mailbell.mail.imap.ImapScripts.answered;
import static dev.mailbell.mail.imap.ImapScripts.examine;
import static dev.mailbell.mail.imap.ImapScripts.status;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** STATUS that stays the same, which EXAMINE has to confirm once an hour. */
class StaleStatusTest {
    private static final String UNSELECT = answered("UNSELECT");
    private static final String SAME = status(3, 4, 7);
    private static final String ONE_NEW =
            answered(
                    "UID SEARCH RETURN (ALL COUNT) UID 4:4294967295",
                    "* ESEARCH (TAG \"{tag}\") UID ALL 4 COUNT 1");

    private Instant now = Instant.parse("2026-11-20T12:00:00Z");
    private final TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 4, 3, 3));

    private interface Checks {
        void run(ImapSession session);
    }

    private void playing(String script, Checks checks) throws IOException {
        inbox.lastCheckedAt = null;
        try (ScriptedServer server = ScriptedServer.playing(script + GOODBYE);
                ImapSession session =
                        ImapKit.sessions(Duration.ZERO, () -> now)
                                .open(ImapKit.login(server.port()), Deadline.after(ImapKit.LONG))) {
            checks.run(session);
        }
    }

    private Change checkAfter(Duration time, ImapSession session) {
        now = now.plus(time);
        return inbox.check(session);
    }

    @Test
    void mail_that_status_hides_is_found_within_an_hour_and_status_is_skipped_then()
            throws IOException {
        playing(
                MODERN
                        + SAME
                        + SAME
                        + examine(4, 5, 7)
                        + UNSELECT
                        + SAME
                        + examine(4, 5, 7)
                        + ONE_NEW
                        + examine(4, 5, 7)
                        + answered("FETCH 4 (UID)", "* 4 FETCH (UID 4)"),
                session -> {
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                    assertThat(checkAfter(Duration.ofHours(1), session).newCount()).isEqualTo(1);
                    assertThat(session.proof()).contains(Proof.ESEARCH);
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                });
    }

    @Test
    void mail_that_comes_between_status_and_examine_does_not_make_status_wrong()
            throws IOException {
        playing(
                MODERN
                        + SAME
                        + SAME
                        + examine(4, 5, 7)
                        + UNSELECT
                        + status(4, 5, 7)
                        + examine(4, 5, 7)
                        + ONE_NEW
                        + UNSELECT
                        + status(4, 5, 7),
                session -> {
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                    assertThat(checkAfter(Duration.ofHours(1), session).newCount()).isEqualTo(1);
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                    assertThat(session.proof()).contains(Proof.STATUS);
                });
    }

    @Test
    void a_sound_status_costs_one_examine_an_hour() throws IOException {
        playing(
                MODERN + SAME + SAME + examine(3, 4, 7) + UNSELECT + SAME,
                session -> {
                    inbox.check(session);
                    assertThat(checkAfter(Duration.ofHours(1), session).kind())
                            .isEqualTo(Kind.NOTHING);
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                });
    }

    @Test
    void the_check_before_counts_across_sessions() throws IOException {
        playing(
                OLD
                        + SAME
                        + examine(4, 5, 7)
                        + SAME
                        + answered("UID SEARCH UID 4:4294967295", "* SEARCH 4")
                        + examine(4, 5, 7)
                        + answered("FETCH 4 (UID)", "* 4 FETCH (UID 4)"),
                session -> {
                    inbox.lastCheckedAt = now.minus(Duration.ofHours(1));
                    assertThat(inbox.check(session).newCount()).isEqualTo(1);
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                });
    }

    @Test
    void a_mailbox_that_was_made_anew_while_status_tells_of_the_old_one_is_a_reset()
            throws IOException {
        playing(
                MODERN
                        + SAME
                        + SAME
                        + examine(1, 2, 8)
                        + UNSELECT
                        + SAME
                        + examine(1, 2, 8)
                        + examine(1, 2, 8)
                        + answered("FETCH 1 (UID)", "* 1 FETCH (UID 1)"),
                session -> {
                    inbox.check(session);
                    assertThat(checkAfter(Duration.ofHours(1), session).kind())
                            .isEqualTo(Kind.RESET);
                    assertThat(inbox.mark().uidValidity()).isEqualTo(8);
                    assertThat(inbox.mark().approximate()).isFalse();
                });
    }
}
