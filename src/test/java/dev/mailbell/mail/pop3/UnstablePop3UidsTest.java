package dev.mailbell.mail.pop3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.Pop3Mark.Basis;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.pop3.FakePop3.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Servers whose UIDs are no identity: made up for the session, or changed by what is no arrival.
 */
class UnstablePop3UidsTest {
    private static final FakePop3.Uids MADE_UP =
            (session, number, message) -> "s" + session + "-" + number;
    private static final String LONG_AGO = "Fri, 20 Nov 2026 10:00:00 +0000";
    private static final String JUST_NOW = "Sat, 28 Nov 2026 12:00:40 +0000";

    private final FakePop3 server = new FakePop3();
    private final TrackedMaildrop maildrop = new TrackedMaildrop(server);

    @AfterEach
    void close() {
        server.close();
    }

    private void baseline(int messages) {
        server.deliver(0, messages);
        assertThat(maildrop.check().kind()).isEqualTo(Kind.BASELINE);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 40})
    void uids_made_up_for_each_session_announce_nothing_and_reset_nothing(int messages) {
        server.uids = MADE_UP;
        baseline(messages);
        for (int check = 0; check < 5; check++) {
            assertThat(maildrop.check().newCount()).isZero();
        }
        assertThat(maildrop.resets).isZero();
        assertThat(maildrop.proof).isEqualTo(Proof.HEADERS);
        assertThat(maildrop.mark()).matches(mark -> mark.basis() == Basis.HEADERS);
        server.commands.clear();
        int sessions = server.sessions.get();
        maildrop.check();
        assertThat(server.sessions.get()).isEqualTo(sessions + 1);
        // An hour of this maildrop may begin with this check.
        server.commands.remove("LIST " + (messages + 1));
        assertThat(server.commands).contains("TOP 1 0").hasSizeLessThanOrEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void over_a_history_each_arrival_is_counted_once_by_headers(boolean pipelining) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        server.uids = MADE_UP;
        server.pipelining = pipelining;
        baseline(6);
        maildrop.check();
        int made = 6;
        for (int step = 0; step < 40; step++) {
            int came = random.nextInt(3);
            for (int i = 0; i < came; i++) {
                // Newest first or newest last, of one size; or anywhere.
                Message message = Message.of(made++);
                switch (random.nextInt(3)) {
                    case 0 -> server.maildrop.addFirst(sized(message));
                    case 1 -> server.maildrop.addLast(sized(message));
                    default ->
                            server.maildrop.add(
                                    random.nextInt(server.maildrop.size() + 1), message);
                }
            }
            if (random.nextBoolean() && !server.maildrop.isEmpty()) {
                Message gone = server.maildrop.remove(random.nextInt(server.maildrop.size()));
                came -= Integer.parseInt(gone.name().substring(4)) >= made - came ? 1 : 0;
            }
            Change change = maildrop.check();
            assertThat(change.newCount()).as("seed %d, step %d", seed, step).isEqualTo(came);
            assertThat(change.kind()).isNotEqualTo(Kind.RESET);
            assertThat(maildrop.known.live()).isEqualTo(server.maildrop.size());
        }
    }

    private static Message sized(Message message) {
        return new Message(message.name(), 1_000, message.header());
    }

    @Test
    void what_came_with_the_check_that_finds_out_is_counted() {
        server.uids = MADE_UP;
        baseline(5);
        server.maildrop.remove(1);
        server.deliver(50, 2);
        Change change = maildrop.check();
        assertThat(change.newCount()).isEqualTo(2);
        assertThat(change.approximate()).isTrue();
        assertThat(change.newest()).containsExactly(5L, 6L);
    }

    @Test
    void a_server_without_top_is_counted_by_sizes_then() {
        server.uids = MADE_UP;
        server.answers.put("TOP", answer -> "-ERR unknown command\r\n");
        baseline(5);
        for (int check = 0; check < 3; check++) {
            assertThat(maildrop.check().newCount()).isZero();
        }
        server.deliver(50, 2);
        server.maildrop.remove(0);
        assertThat(maildrop.check().newCount()).isEqualTo(2);
        assertThat(maildrop.proof).isEqualTo(Proof.SIZES);
        assertThat(maildrop.resets).isZero();
    }

    @Test
    void more_messages_than_headers_are_read_at_a_check_are_counted_by_sizes() {
        server.uids = MADE_UP;
        baseline(IdentityListing.HEADERS_PIPELINED + 1);
        server.deliver(5_000, 2);
        assertThat(maildrop.check().newCount()).isEqualTo(2);
        assertThat(maildrop.check().newCount()).isZero();
        assertThat(maildrop.proof).isEqualTo(Proof.SIZES);
        assertThat(maildrop.resets).isZero();
    }

    @Test
    void a_position_holds_over_the_change_of_the_basis() {
        server.uids = MADE_UP;
        baseline(5);
        maildrop.check(new PositionUpdate.All());
        server.deliver(50, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.state.pending()).isEqualTo(1);
        maildrop.check(new PositionUpdate.UpTo("<50@example.org>", null, false));
        assertThat(maildrop.state.pending()).isZero();
    }

    /** The same UIDs within a minute, others in the next: no two sessions of a check show it. */
    @Test
    void uids_made_of_the_time_are_one_reset_and_no_more() {
        server.uids =
                (session, number, message) ->
                        maildrop.now.get().getEpochSecond() + "-" + message.name();
        baseline(12);
        for (int check = 0; check < 5; check++) {
            assertThat(maildrop.check().newCount()).isZero();
        }
        server.deliver(50, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.resets).isEqualTo(1);
        assertThat(maildrop.proof).isEqualTo(Proof.HEADERS);
    }

    @Test
    void a_server_that_takes_no_second_login_fails_one_check_and_no_more() {
        server.uids = MADE_UP;
        baseline(12);
        int second = server.sessions.get() + 2;
        server.answers.put(
                "PASS",
                answer ->
                        server.sessions.get() == second
                                ? "-ERR [LOGIN-DELAY] wait a minute\r\n"
                                : answer);
        assertThatThrownBy(maildrop::check).isInstanceOf(MailFailure.class);
        for (int check = 0; check < 4; check++) {
            assertThat(maildrop.check().newCount()).isZero();
        }
        assertThat(maildrop.resets).isLessThanOrEqualTo(1);
        assertThat(maildrop.proof).isEqualTo(Proof.HEADERS);
    }

    /** As Dovecot's when its file of UIDs is lost. */
    @Test
    void few_messages_that_all_change_their_uids_once_are_not_new() {
        for (int number = 0; number < 7; number++) {
            server.maildrop.add(Message.of(number).received(LONG_AGO));
        }
        maildrop.check();
        server.uids = (session, number, message) -> "moved-" + message.name();
        server.maildrop.add(Message.of(7).received(JUST_NOW));
        Change change = maildrop.check();
        assertThat(change.newCount()).isEqualTo(1);
        assertThat(change.approximate()).isTrue();
        assertThat(maildrop.check().kind()).isEqualTo(Kind.NOTHING);
        assertThat(maildrop.mark()).matches(mark -> mark.basis() == Basis.UIDS);
    }

    /** Reports of one size that a client fetches and removes are new each time. */
    @Test
    void other_messages_of_the_sizes_of_those_that_went_are_new() {
        for (int day = 0; day < 3; day++) {
            server.maildrop.clear();
            for (int number = 0; number < 12; number++) {
                Message report = Message.of(number);
                String date = "%s, %d Nov 2026 12:00:40 +0000".formatted("Sat", 28);
                server.maildrop.add(
                        new Message("d" + day + "-" + number, report.size(), report.header())
                                .received(date));
            }
            maildrop.check();
        }
        assertThat(maildrop.announced).isEqualTo(24);
        assertThat(maildrop.resets).isZero();
        assertThat(maildrop.mark()).matches(mark -> mark.basis() == Basis.UIDS);
    }

    /** As servers whose UID is a digest of a header with a line of status. */
    @Test
    void a_message_whose_uid_and_size_change_as_it_is_read_is_not_new() {
        List<Message> messages = new ArrayList<>();
        for (int number = 0; number < 5; number++) {
            messages.add(Message.of(number * 100).received(LONG_AGO));
        }
        server.maildrop.addAll(messages);
        maildrop.check();
        Message read = messages.get(2);
        server.maildrop.set(
                2, new Message("other", read.size() + 12, "Status: RO\r\n" + read.header()));
        server.maildrop.add(Message.of(900).received(JUST_NOW));
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.check().kind()).isEqualTo(Kind.NOTHING);
    }

    @Test
    void uids_with_the_number_of_the_message_change_by_a_deletion_and_announce_nothing() {
        server.uids = (session, number, message) -> number + "-" + message.name();
        baseline(40);
        maildrop.check(new PositionUpdate.All());
        server.maildrop.remove(12);
        server.deliver(50, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.state.pending()).isEqualTo(1);
        assertThat(maildrop.resets).isZero();
        assertThat(maildrop.check().newCount()).isZero();
        for (int check = 0; check < 4; check++) {
            server.maildrop.removeFirst();
            assertThat(maildrop.check().newCount()).isZero();
        }
        assertThat(maildrop.resets).isLessThanOrEqualTo(1);
    }

    @Test
    void a_uid_that_messages_of_different_sizes_share_is_no_identity() {
        server.uids = (session, number, message) -> "0";
        baseline(4);
        server.maildrop.remove(0);
        server.deliver(50, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.check().newCount()).isZero();
    }

    @Test
    void a_uid_that_comes_to_be_shared_is_found_out() {
        server.uids = (session, number, message) -> "0";
        baseline(1);
        server.deliver(50, 3);
        assertThat(maildrop.check().newCount()).isEqualTo(3);
        server.maildrop.removeFirst();
        server.deliver(60, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void messages_without_a_uid_are_known_by_their_headers(boolean all) {
        server.uids = (session, number, message) -> all || number == 2 ? "" : message.name();
        baseline(4);
        server.maildrop.remove(1);
        server.deliver(50, 2);
        assertThat(maildrop.check().newCount()).isEqualTo(2);
        assertThat(maildrop.check().newCount()).isZero();
        assertThat(maildrop.proof).isEqualTo(Proof.HEADERS);
    }

    @ParameterizedTest
    @ValueSource(ints = {255, 256, 4_000})
    void uids_are_taken_at_any_length(int length) {
        server.uids =
                (session, number, message) ->
                        message.name() + "x".repeat(length - message.name().length());
        baseline(4);
        assertThat(maildrop.check().kind()).isEqualTo(Kind.NOTHING);
        assertThat(maildrop.proof).isEqualTo(Proof.ENDS);
        server.deliver(50, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.proof).isEqualTo(Proof.TAIL);
        String top = "uid-50" + "x".repeat(length - 6);
        assertThat(maildrop.mark().topUid()).hasSizeLessThanOrEqualTo(255);
        maildrop.check(new PositionUpdate.UpTo(top, null, false));
        assertThat(maildrop.state.pending()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b c", "\u00e4\u00ff", "x\u0000y", "-ERR", "+OK", "...", "\"q\""})
    void uids_are_opaque(String odd) {
        server.uids = (session, number, message) -> odd + number + message.name();
        baseline(2);
        server.deliver(50, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.check().kind()).isEqualTo(Kind.NOTHING);
        assertThat(maildrop.proof).isEqualTo(Proof.ENDS);
    }

    @Test
    void uids_that_last_are_compared_once_a_day_at_most() {
        baseline(5);
        for (int check = 0; check < 4; check++) {
            int before = server.sessions.get();
            assertThat(replaced(check, 5).newCount()).isEqualTo(5);
            assertThat(server.sessions.get() - before).isEqualTo(check == 0 ? 2 : 1);
        }
    }

    @Test
    void where_most_uids_stay_no_other_session_is_opened_to_compare_them() {
        baseline(5);
        for (int check = 0; check < 3; check++) {
            int before = server.sessions.get();
            assertThat(replaced(check, 1).newCount()).isEqualTo(1);
            assertThat(server.sessions.get() - before).isEqualTo(1);
        }
    }

    /** A check after some messages were removed and as many of the same sizes arrived. */
    private Change replaced(int round, int messages) {
        for (int i = 0; i < messages; i++) {
            Message gone = server.maildrop.removeFirst();
            int number = 500 + round * 100 + i;
            server.maildrop.add(
                    new Message("uid-" + number, gone.size(), Message.of(number).header()));
        }
        return maildrop.check();
    }

    @Test
    void uids_that_cannot_be_compared_because_mail_comes_are_compared_twice_a_day_at_most() {
        baseline(5);
        server.answers.put(
                "STAT",
                answer -> {
                    server.deliver(5_000 + server.sessions.get(), 1);
                    return answer;
                });
        int most = 0;
        for (int check = 0; check < 6; check++) {
            int before = server.sessions.get();
            replaced(check, server.maildrop.size());
            most += server.sessions.get() - before - 1;
        }
        assertThat(most).isBetween(1, 2);
    }

    @Test
    void a_second_login_that_is_refused_is_no_failure_of_the_owner() {
        server.uids = MADE_UP;
        baseline(12);
        int second = server.sessions.get() + 2;
        server.answers.put(
                "PASS",
                answer ->
                        server.sessions.get() == second
                                ? "-ERR authentication failed\r\n"
                                : answer);
        assertThatThrownBy(maildrop::check)
                .isInstanceOfSatisfying(
                        MailFailure.class,
                        failure -> {
                            assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
                            assertThat(failure.reason())
                                    .contains("second", "authentication failed");
                        });
    }

    /** As where the database is away while a maildrop is moved to another server. */
    @Test
    void a_change_of_all_uids_that_is_seen_twice_since_it_was_not_recorded_is_one_change() {
        baseline(12);
        server.uids = (session, number, message) -> "moved-" + message.name();
        maildrop.forgetful = true;
        for (int check = 0; check < 3; check++) {
            assertThat(maildrop.check().kind()).isEqualTo(Kind.RESET);
        }
        maildrop.forgetful = false;
        server.deliver(50, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.mark()).matches(mark -> mark.basis() == Basis.UIDS);
        server.deliver(51, 1);
        Change change = maildrop.check();
        assertThat(change.newCount()).isEqualTo(1);
        assertThat(change.approximate()).isFalse();
    }

    /**
     * Mail may wait in a queue for hours; the server's own Received line has the time of arrival.
     */
    @ParameterizedTest
    @ValueSource(ints = {0, 8, 16, 20})
    void mail_that_waited_in_a_queue_is_new_also_where_mail_of_about_its_size_goes(int removed) {
        for (int number = 0; number < 20; number++) {
            server.maildrop.add(Message.of(number).received(LONG_AGO));
        }
        maildrop.check();
        for (int i = 0; i < removed; i++) {
            server.maildrop.removeFirst();
        }
        for (int number = 0; number < 4; number++) {
            Message message = Message.of(100 + number).received(LONG_AGO);
            server.maildrop.add(new Message(message.name(), 1_005 + number * 7, message.header()));
        }
        Change change = maildrop.check();
        assertThat(change.newCount()).isEqualTo(4);
        assertThat(change.approximate()).isFalse();
    }

    /**
     * Dovecot lost its UID list while one message was removed and one of about its size arrived.
     */
    @Test
    void one_arrival_among_many_messages_with_changed_uids_is_the_only_one() {
        for (int number = 0; number < 100; number++) {
            server.maildrop.add(Message.of(number * 20).received(LONG_AGO));
        }
        maildrop.check();
        server.uids = (session, number, message) -> "moved-" + message.name();
        Message gone = server.maildrop.removeFirst();
        server.maildrop.add(
                new Message("uid-9999", gone.size(), Message.of(9_999).header())
                        .received(JUST_NOW));
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.check().kind()).isEqualTo(Kind.NOTHING);
    }

    /** Servers hang up at too many commands that they refuse. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_server_without_top_is_not_asked_for_each_message(boolean pipelining) {
        server.pipelining = pipelining;
        server.uids = MADE_UP;
        baseline(150);
        AtomicInteger refused = new AtomicInteger();
        int session = server.sessions.get();
        server.answers.put(
                "TOP",
                answer ->
                        refused.incrementAndGet() > 20 * (server.sessions.get() - session)
                                ? FakePop3.HANG_UP
                                : "-ERR unknown command\r\n");
        server.deliver(200, 2);
        assertThat(maildrop.check().newCount()).isEqualTo(2);
        assertThat(maildrop.proof).isEqualTo(Proof.SIZES);
    }

    @Test
    void a_server_that_hangs_up_at_top_fails_two_checks_and_is_counted_then() {
        server.uids = MADE_UP;
        baseline(12);
        server.answers.put("TOP", right -> FakePop3.HANG_UP);
        server.deliver(50, 1);
        for (int check = 0; check < 2; check++) {
            assertThatThrownBy(maildrop::check).isInstanceOf(MailFailure.class);
        }
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.check().newCount()).isZero();
        assertThat(maildrop.proof).isEqualTo(Proof.SIZES);
    }

    @Test
    void a_header_that_is_refused_now_and_then_is_no_other_message() {
        server.uids = MADE_UP;
        baseline(6);
        maildrop.check(new PositionUpdate.All());
        assertThat(maildrop.proof).isEqualTo(Proof.HEADERS);
        server.answers.put("TOP 2 0", answer -> "-ERR locked\r\n");
        server.maildrop.removeLast();
        assertThat(maildrop.check().newCount()).isZero();
        server.answers.clear();
        server.maildrop.removeLast();
        server.deliver(50, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.check().newCount()).isZero();
        assertThat(maildrop.state.pending()).isEqualTo(1);
    }

    @Test
    void one_session_that_is_lost_at_top_changes_nothing() {
        server.uids = MADE_UP;
        baseline(12);
        maildrop.check();
        for (int check = 0; check < 3; check++) {
            server.answers.put("TOP", right -> FakePop3.HANG_UP);
            assertThatThrownBy(maildrop::check).isInstanceOf(MailFailure.class);
            server.answers.clear();
            assertThat(maildrop.check().newCount()).isZero();
            assertThat(maildrop.proof).isEqualTo(Proof.HEADERS);
        }
    }
}
