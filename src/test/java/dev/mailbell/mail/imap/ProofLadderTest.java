package dev.mailbell.mail.imap;

import static dev.mailbell.mail.imap.ImapKit.GOODBYE;
import static dev.mailbell.mail.imap.ImapKit.MODERN;
import static dev.mailbell.mail.imap.ImapKit.OLD;
import static dev.mailbell.mail.imap.ImapScripts.answered;
import static dev.mailbell.mail.imap.ImapScripts.examine;
import static dev.mailbell.mail.imap.ImapScripts.headers;
import static dev.mailbell.mail.imap.ImapScripts.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapState;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.scripted.CountingProxy;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The proofs of a check in the order of their cost, and the reasons to try the next one. */
class ProofLadderTest {
    @Test
    void mail_that_the_first_search_does_not_find_is_asked_for_again() throws IOException {
        ImapKit.playing(
                OLD
                        + status(5, 6, 7)
                        + examine(5, 6, 7)
                        + answered("UID SEARCH UID 4:4294967295", "* SEARCH 5")
                        + answered("NOOP")
                        + answered("UID SEARCH UID 4:4294967295", "* SEARCH 4 5")
                        + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 4, 3, 3));
                    assertThat(inbox.check(session).newCount()).isEqualTo(2);
                    assertThat(session.proof()).contains(Proof.SEARCH);
                    return inbox;
                });
    }

    @Test
    void mail_that_a_deletion_hides_from_the_arithmetic_is_found_by_the_message_below_the_hits()
            throws IOException {
        ImapKit.playing(
                OLD
                        + status(4, 6, 7)
                        + examine(4, 6, 7)
                        + answered("UID SEARCH UID 4:4294967295", "* SEARCH 5")
                        + answered("FETCH 3 (UID)", "* 3 FETCH (UID 4)")
                        + answered("NOOP")
                        + answered("UID SEARCH UID 4:4294967295", "* SEARCH 4 5")
                        + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 4, 3, 3));
                    assertThat(inbox.check(session).newCount()).isEqualTo(2);
                    return inbox;
                });
    }

    @Test
    void mail_that_a_deletion_hides_is_found_by_the_next_check_where_no_uid_is_given_by_number()
            throws IOException {
        ImapKit.playing(
                OLD
                        + status(4, 6, 7)
                        + examine(4, 6, 7)
                        + answered("UID SEARCH UID 4:4294967295", "* SEARCH 5")
                        + answered("FETCH 3 (UID)")
                        + examine(4, 6, 7)
                        + answered("UID SEARCH UID 4:4294967295", "* SEARCH 4 5")
                        + answered("FETCH 2 (UID)", "* 2 FETCH (UID 2)")
                        + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 4, 3, 3));
                    assertThat(inbox.check(session).newCount()).isEqualTo(1);
                    assertThat(inbox.check(session).newCount()).isEqualTo(1);
                    return inbox;
                });
    }

    @Test
    void a_search_by_message_numbers_is_found_out_and_not_used_again() throws IOException {
        String bySequence = answered("UID SEARCH UID 5:4294967295", "* SEARCH 8 9 10");
        String fetched =
                answered(
                        "UID FETCH 5:* (UID)",
                        "* 2 FETCH (UID 5)",
                        "* 3 FETCH (UID 6)",
                        "* 4 FETCH (UID 7)",
                        "* 5 FETCH (UID 8)",
                        "* 6 FETCH (UID 9)",
                        "* 7 FETCH (UID 10)");
        try (ScriptedServer server =
                ScriptedServer.playing(
                        OLD
                                + status(7, 11, 7)
                                + examine(7, 11, 7)
                                + bySequence
                                + answered("NOOP")
                                + bySequence
                                + answered("FETCH 4 (UID)", "* 4 FETCH (UID 7)")
                                + fetched
                                + GOODBYE
                                + "---\n"
                                + OLD
                                + status(8, 12, 7)
                                + examine(8, 12, 7)
                                + answered("UID FETCH 11:* (UID)", "* 8 FETCH (UID 11)")
                                + GOODBYE)) {
            ImapSessions sessions = ImapKit.sessions();
            TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 5, 1, 4));
            for (int mail : new int[] {6, 1}) {
                try (ImapSession session =
                        sessions.open(ImapKit.login(server.port()), Deadline.after(ImapKit.LONG))) {
                    assertThat(inbox.check(session).newCount()).isEqualTo(mail);
                    assertThat(session.proof()).contains(Proof.FETCH_NEW);
                }
            }
        }
    }

    @Test
    void a_search_that_is_not_answered_in_time_is_not_asked_again() throws IOException {
        String opened = OLD + status(4, 5, 7) + examine(4, 5, 7);
        String silent = opened + "C: {tag} UID SEARCH UID 4:4294967295\n! silence\n";
        TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 4, 3, 3));
        // The proxy makes one host of the servers.
        try (CountingProxy host = new CountingProxy(0)) {
            ImapSessions sessions =
                    ScriptedServer.inTime(time -> timedOut(silent, host, inbox, time));
            try (ScriptedServer server =
                    ScriptedServer.playing(
                            opened
                                    + answered("UID FETCH 4:* (UID)", "* 4 FETCH (UID 4)")
                                    + GOODBYE)) {
                host.leadTo(server.port());
                try (ImapSession session =
                        sessions.open(ImapKit.login(host.port()), Deadline.after(ImapKit.LONG))) {
                    assertThat(inbox.check(session).newCount()).isEqualTo(1);
                }
            }
        }
    }

    /** Returns new sessions, of which the first one has got no answer at the end of the script. */
    private static ImapSessions timedOut(
            String script, CountingProxy host, TrackedInbox inbox, Duration time) {
        ImapSessions sessions = ImapKit.sessions();
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            host.leadTo(server.port());
            MailFailure failure =
                    catchThrowableOfType(
                            MailFailure.class,
                            () -> {
                                try (ImapSession session =
                                        sessions.open(
                                                ImapKit.login(host.port()), Deadline.after(time))) {
                                    inbox.check(session);
                                }
                            });
            assertThat(failure.code()).isEqualTo(FailureCode.TIMEOUT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sessions;
    }

    @Test
    void a_uidvalidity_that_differs_in_one_session_is_no_identity() throws IOException {
        ImapKit.playing(
                OLD
                        + examine(2, 0, 101)
                        + answered("FETCH 2 (UID)", "* 2 FETCH (UID 2)")
                        + examine(3, 0, 103)
                        + examine(3, 0, 104)
                        + examine(3, 0, 105)
                        + headers("a", "b", "c")
                        + examine(3, 0, 106)
                        + headers("a", "b", "c")
                        + examine(3, 0, 107)
                        + headers("a", "c", "d")
                        + headers("a", "c", "d")
                        + examine(5, 0, 108)
                        + headers("a", "c", "d", "e", "e")
                        + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(null);
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.BASELINE);
                    Change taken = inbox.check(session);
                    assertThat(taken.kind()).isEqualTo(Kind.NEW);
                    assertThat(taken.newCount()).isEqualTo(1);
                    assertThat(taken.approximate()).isTrue();
                    assertThat(session.proof()).contains(Proof.IDENTITY);
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                    Change replaced = inbox.check(session);
                    assertThat(replaced.newCount()).isEqualTo(1);
                    assertThat(replaced.newest()).isEqualTo(List.of(3L));
                    assertThat(inbox.check(session).newCount()).isEqualTo(2);
                    assertThat(inbox.mark().uidValidity()).isEqualTo(101);
                    return inbox;
                });
    }

    @Test
    void a_uidvalidity_of_any_clock_is_found_out_within_one_check() throws IOException {
        Duration tick = Duration.ofMillis(50);
        long epoch = Instant.now().getEpochSecond();
        for (long clock : new long[] {epoch, epoch - 1_000_000_000, 17, (1L << 32) - 2}) {
            try (ScriptedServer server =
                            ScriptedServer.playing(
                                    OLD
                                            + status(3, 4, clock)
                                            + examine(3, 4, clock)
                                            + examine(3, 4, clock + 1)
                                            + examine(3, 4, clock + 1)
                                            + headers("a", "b", "c")
                                            + GOODBYE);
                    ImapSession session =
                            ImapKit.sessions(tick)
                                    .open(
                                            ImapKit.login(server.port()),
                                            Deadline.after(ImapKit.LONG))) {
                TrackedInbox inbox = new TrackedInbox(new ImapMark(clock - 10, 3, 2, 2));
                long begun = System.nanoTime();
                assertThat(inbox.check(session).newCount()).isEqualTo(1);
                assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(tick.toNanos());
                assertThat(inbox.mark().approximate()).isTrue();
            }
        }
    }

    @Test
    void messages_that_are_all_dated_now_are_no_arrivals() throws IOException {
        ImapKit.playing(
                OLD
                        + examine(3, 4, 101)
                        + examine(3, 4, 102)
                        + examine(3, 4, 103)
                        + headers("a", "b", "c")
                        + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(new ImapMark(100, 3, 2, 2));
                    inbox.lastCheckedAt = Instant.parse("2026-11-20T11:59:00Z");
                    inbox.state = new ImapState(inbox.mark(), null, null, 0, 0, true);
                    assertThat(inbox.check(session).newCount()).isEqualTo(1);
                    return inbox;
                });
    }

    @Test
    void a_uidvalidity_that_was_wrong_once_resets_nothing() throws IOException {
        ImapKit.playing(
                OLD + status(3, 4, 9) + examine(3, 4, 9) + examine(3, 4, 7) + GOODBYE,
                session -> {
                    TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 4, 3, 3));
                    assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
                    return inbox;
                });
    }

    @Test
    void a_number_of_messages_that_cannot_be_is_settled_by_the_whole_listing() throws IOException {
        for (String exists : new String[] {"2147483647", "99999999999"}) {
            String search =
                    answered(
                            "UID SEARCH RETURN (ALL COUNT) UID 4:4294967295",
                            "* ESEARCH (TAG \"{tag}\") UID ALL 4 COUNT 1");
            String plain = answered("UID SEARCH UID 4:4294967295", "* SEARCH 4");
            String boundary = answered("FETCH 2147483646 (UID)");
            String fetch = answered("UID FETCH 4:* (UID)", "* 4 FETCH (UID 4)");
            String all =
                    answered(
                            "UID FETCH 1:* (UID)",
                            "* 1 FETCH (UID 1)",
                            "* 2 FETCH (UID 2)",
                            "* 3 FETCH (UID 3)",
                            "* 4 FETCH (UID 4)");
            String noop = answered("NOOP");
            ImapKit.playing(
                    MODERN
                            + status(4, 5, 7)
                            + examine(4, 5, 7).replace("4 EXISTS", exists + " EXISTS")
                            + search
                            + noop
                            + search
                            + boundary
                            + plain
                            + boundary
                            + noop
                            + plain
                            + boundary
                            + fetch
                            + boundary
                            + noop
                            + fetch
                            + boundary
                            + all
                            + noop
                            + all
                            + GOODBYE,
                    session -> {
                        TrackedInbox inbox = new TrackedInbox(new ImapMark(7, 4, 3, 3));
                        assertThat(inbox.check(session).newCount()).isEqualTo(1);
                        assertThat(inbox.mark().uidNext()).isEqualTo(5);
                        assertThat(session.proof()).contains(Proof.FETCH_ALL);
                        return inbox;
                    });
        }
    }
}
