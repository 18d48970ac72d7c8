package dev.mailbell.mail.pop3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.detection.Change.Kind;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.pop3.FakePop3.Message;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that answer beside the rules, and are counted rightly all the same. */
class OddPop3ServersTest {
    private final FakePop3 server = new FakePop3();
    private TrackedMaildrop maildrop = new TrackedMaildrop(server);

    /** Silence of the server for ten seconds makes a check try another command. */
    private void expectSilence() {
        maildrop = new TrackedMaildrop(server, Pop3Kit.IMPATIENT);
    }

    @AfterEach
    void close() {
        server.close();
    }

    /** The baseline, an arrival, nothing, a removal with an arrival, nothing. */
    private void assertCounts() {
        server.deliver(0, 3);
        assertThat(maildrop.check().kind()).isEqualTo(Kind.BASELINE);
        server.deliver(3, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.check().newCount()).isZero();
        server.maildrop.remove(1);
        server.deliver(4, 2);
        assertThat(maildrop.check().newCount()).isEqualTo(2);
        assertThat(maildrop.check().newCount()).isZero();
        assertThat(maildrop.resets).isZero();
    }

    private void answering(String command, UnaryOperator<String> answer) {
        server.answers.put(command, answer);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "+OK\r\n",
                "+OK\r\nUSER\r\nUIDL\r\n",
                "+OK capabilities follow\r\nSASL PLAIN LOGIN\r\nUSER\r\nPIPELINING\r\n",
                FakePop3.SILENCE,
                FakePop3.HANG_UP
            })
    void capa_without_a_whole_answer_is_asked_once_and_the_check_goes_on(String answer) {
        expectSilence();
        answering("CAPA", right -> answer);
        server.deliver(0, 3);
        assertThat(maildrop.check().kind()).isEqualTo(Kind.BASELINE);
        server.commands.clear();
        server.deliver(3, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(server.commands).doesNotContain("CAPA");
        maildrop.now.updateAndGet(now -> now.plus(Duration.ofHours(25)));
        answering("CAPA", right -> right);
        maildrop.check();
        assertThat(server.commands).contains("CAPA");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-ERR unknown command\r\nUSER\r\nUIDL\r\n.\r\n",
                "-ERR\r\nTOP\r\n",
                "-ERR no\r\n.\r\n",
                "+ok\r\nUSER\r\nUIDL\r\n. \r\n",
                "+OK\r\nuser\r\nuidl\r\npipelining\r\n.\r\n"
            })
    void capa_answered_beside_the_rules_keeps_the_dialogue_in_step(String answer) {
        answering("CAPA", right -> answer);
        assertCounts();
    }

    @Test
    void capa_that_one_session_was_lost_at_is_asked_for_other_maildrops() {
        AtomicBoolean first = new AtomicBoolean(true);
        answering("CAPA", right -> first.getAndSet(false) ? FakePop3.HANG_UP : right);
        Pop3Sessions sessions = Pop3Kit.sessions();
        for (String user : new String[] {"ann", "bob"}) {
            Login login =
                    Pop3Kit.login(
                            server.port(),
                            Security.NONE,
                            user,
                            new Credential.Password(Pop3Kit.PASSWORD));
            try (MailSession session = sessions.open(login, Deadline.after(Pop3Kit.LONG))) {
                assertThat(session.capabilities().contains("PIPELINING"))
                        .isEqualTo(user.equals("bob"));
            }
        }
    }

    @Test
    void a_password_that_is_refused_without_capa_is_the_owners_to_mend() {
        server.deliver(0, 3);
        answering("CAPA", right -> FakePop3.HANG_UP);
        answering("PASS", right -> "-ERR Authentication failed\r\n");
        // The network may have lost the first session.
        assertThat(catchThrowableOfType(MailFailure.class, maildrop::check).code())
                .isNotEqualTo(FailureCode.AUTH_FAILED);
        MailFailure failure = catchThrowableOfType(MailFailure.class, maildrop::check);
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(failure.reason()).contains("Authentication failed");
        server.answers.remove("PASS");
        assertThat(maildrop.check().kind()).isEqualTo(Kind.BASELINE);
    }

    @Test
    void one_session_lost_at_capa_makes_no_password_wrong_that_only_sasl_carries() {
        AtomicInteger asked = new AtomicInteger();
        answering(
                "CAPA",
                right ->
                        asked.incrementAndGet() == 2
                                ? FakePop3.HANG_UP
                                : "+OK\r\nSASL PLAIN\r\nUIDL\r\nTOP\r\n.\r\n");
        answering("USER", right -> "-ERR Authentication failed\r\n");
        answering("PASS", right -> "-ERR Authentication failed\r\n");
        server.deliver(0, 3);
        assertThat(catchThrowableOfType(MailFailure.class, maildrop::check).code())
                .isNotEqualTo(FailureCode.AUTH_FAILED);
        assertThat(maildrop.check().kind()).isEqualTo(Kind.BASELINE);
        assertThat(server.commands).anyMatch(command -> command.startsWith("AUTH PLAIN"));
    }

    /** Servers that allow one login a minute may refuse the next one as if it were wrong. */
    @ParameterizedTest
    @ValueSource(strings = {"UIDL 3", "CAPA"})
    void a_second_login_of_a_check_that_is_refused_is_no_wrong_password(String losing) {
        server.deliver(0, 3);
        maildrop.check();
        AtomicBoolean inside = new AtomicBoolean();
        AtomicBoolean lost = new AtomicBoolean();
        answering(
                "PASS",
                right -> {
                    inside.set(!lost.getAndSet(false));
                    return inside.get() ? right : "-ERR Login failed\r\n";
                });
        answering(
                losing,
                right -> {
                    lost.set(inside.get());
                    return inside.get() ? FakePop3.HANG_UP : right;
                });
        server.deliver(3, 1);
        MailFailure failure = catchThrowableOfType(MailFailure.class, maildrop::check);
        assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
        assertThat(failure.reason()).contains("accepted the first login", "Login failed");
        assertThat(maildrop.check().newCount()).isEqualTo(1);
    }

    @Test
    void a_login_is_tried_once_more_without_capa_only_where_capa_failed() {
        answering("PASS", right -> FakePop3.HANG_UP);
        MailFailure failure = catchThrowableOfType(MailFailure.class, maildrop::check);
        assertThat(failure.code()).isEqualTo(FailureCode.CONNECT_FAILED);
        assertThat(server.sessions.get()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void a_stat_that_is_frozen_is_found_out_within_an_hour(int messages) {
        server.deliver(0, messages);
        maildrop.check();
        answering("STAT", frozen());
        maildrop.check();
        server.deliver(10, 2);
        for (int minute = 0; minute < 70; minute += 10) {
            maildrop.check();
            maildrop.now.updateAndGet(now -> now.plus(Duration.ofMinutes(9)));
        }
        assertThat(maildrop.announced).isEqualTo(2);
        server.deliver(20, 1);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.check().newCount()).isZero();
    }

    @Test
    void a_stat_and_a_list_that_are_frozen_leave_uidl_to_count() {
        server.deliver(0, 3);
        maildrop.check();
        answering("STAT", frozen());
        String listed = "+OK\r\n1 1000\r\n2 1007\r\n3 1014\r\n.\r\n";
        answering("LIST", right -> right.startsWith("+OK\r\n") ? listed : right);
        maildrop.check();
        server.deliver(10, 2);
        server.maildrop.set(2, Message.of(20));
        assertThat(maildrop.check().newCount()).isEqualTo(3);
        assertThat(maildrop.check().newCount()).isZero();
    }

    /** Without UIDs, or with UIDs that are none. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_stat_that_is_frozen_is_found_out_where_uids_do_not_count_too(boolean uids) {
        server.uids = (session, number, message) -> "";
        if (!uids) {
            answering("UIDL", right -> "-ERR unknown command\r\n");
            answering("CAPA", right -> "-ERR unknown command\r\n");
        }
        server.deliver(0, 3);
        maildrop.check();
        answering("STAT", frozen());
        maildrop.check();
        server.deliver(10, 2);
        for (int minute = 0; minute < 70; minute += 10) {
            maildrop.check();
            maildrop.now.updateAndGet(now -> now.plus(Duration.ofMinutes(9)));
        }
        assertThat(maildrop.announced).isEqualTo(2);
        assertThat(maildrop.resets).isZero();
    }

    private UnaryOperator<String> frozen() {
        String[] first = new String[1];
        return right -> {
            first[0] = first[0] == null ? right : first[0];
            return first[0];
        };
    }

    /** Servers exist that show mail which comes during a session. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void mail_that_comes_between_stat_and_uidl_makes_no_check_more_expensive(int messages) {
        server.deliver(0, messages);
        maildrop.check();
        maildrop.now.updateAndGet(now -> now.plus(Duration.ofHours(2)));
        server.deliver(10, 1);
        String before = "+OK %d %d\r\n".formatted(messages, maildrop.mark().octets());
        AtomicBoolean first = new AtomicBoolean(true);
        answering("STAT", right -> first.getAndSet(false) ? before : right);
        assertThat(maildrop.check().newCount()).isEqualTo(1);
        assertThat(maildrop.proof).isEqualTo(Proof.LISTING);
        assertThat(maildrop.check().newCount()).isZero();
        assertThat(maildrop.proof).isEqualTo(Proof.ENDS);
    }

    @ParameterizedTest
    @ValueSource(strings = {FakePop3.HANG_UP, FakePop3.SILENCE, "what?\r\n"})
    void a_server_that_is_lost_at_a_number_behind_the_last_one_is_asked_once_a_day(String answer) {
        server.deliver(0, 3);
        answering("UIDL 4", right -> answer);
        maildrop =
                ScriptedServer.inTime(patience -> {
                    try {
                        return askedOnceADay(patience);
                    } catch (AssertionError late) {
                        // On a busy machine other answers may take longer than the patience, and
                        // whatever is asserted fails then.
                        throw new ScriptedServer.TooEarly(late);
                    }
                });
    }

    /** Eight hours of a maildrop that is asked for its fourth message, which it has not. */
    private TrackedMaildrop askedOnceADay(Duration patience) {
        int part = (int) Math.max(1, Pop3Kit.LONG.dividedBy(patience));
        TrackedMaildrop checked = new TrackedMaildrop(server, part);
        checked.check();
        server.commands.clear();
        for (int check = 0; check < 4; check++) {
            checked.now.updateAndGet(now -> now.plus(Duration.ofHours(2)));
            int sessions = server.sessions.get();
            assertThat(checked.check().kind()).isEqualTo(Kind.NOTHING);
            assertThat(checked.proof).isEqualTo(Proof.ENDS);
            assertThat(server.sessions.get() - sessions).isEqualTo(1);
        }
        assertThat(server.commands).filteredOn("UIDL 4"::equals).hasSize(1);
        assertThat(server.commands).doesNotContain("UIDL");
        return checked;
    }

    @Test
    void a_maildrop_counted_by_headers_is_not_forgotten_where_list_behind_the_last_one_fails() {
        server.uids = (session, number, message) -> "";
        server.deliver(0, 3);
        maildrop.check();
        answering("LIST 4", right -> FakePop3.HANG_UP);
        maildrop.now.updateAndGet(now -> now.plus(Duration.ofHours(2)));
        assertThat(catchThrowableOfType(MailFailure.class, maildrop::check)).isNotNull();
        server.answers.clear();
        answering("LIST 4", right -> FakePop3.HANG_UP);
        maildrop.now.updateAndGet(now -> now.plus(Duration.ofHours(2)));
        assertThat(maildrop.check().kind()).isEqualTo(Kind.NOTHING);
    }

    @Test
    void a_sound_stat_is_held_against_uidl_once_an_hour() {
        server.deliver(0, 3);
        maildrop.check();
        server.commands.clear();
        for (int minute = 0; minute < 180; minute += 10) {
            maildrop.check();
            maildrop.now.updateAndGet(now -> now.plus(Duration.ofMinutes(9)));
        }
        assertThat(server.commands).filteredOn("UIDL 4"::equals).hasSizeBetween(2, 3);
        assertThat(maildrop.proof).isEqualTo(Proof.ENDS);
    }

    @ParameterizedTest
    @CsvSource({
        "'[AUTH] session expired', AUTH_FAILED, had accepted the login",
        "'[SYS/PERM] mailbox is corrupt', SERVER_ERROR, operator",
        "'[SYS/TEMP] later', SERVER_ERROR, later",
        "'[IN-USE] busy', MAILBOX_LOCKED, Another program",
        "'[LOGIN-DELAY] wait', RATE_LIMITED, wait",
        "'[SYS/PERM] Your account is not enabled for POP access.', AUTH_FAILED, POP",
        "'[XYZ] what', SERVER_ERROR, what"
    })
    void a_refusal_behind_the_login_has_the_class_of_its_code_and_advice(
            String text, FailureCode code, String advice) {
        server.deliver(0, 2);
        for (String command : new String[] {"STAT", "UIDL", "LIST"}) {
            server.answers.clear();
            answering(command, right -> "-ERR " + text + "\r\n");
            MailFailure failure = catchThrowableOfType(MailFailure.class, maildrop::check);
            assertThat(failure.code()).as(command).isEqualTo(code);
            assertThat(failure.reason()).as(command).contains(advice);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Welcome to our mail service\r\n+OK ready\r\n",
                "\r\n\r\n+OK\r\n",
                " +OK ready\r\n",
                "+ok\r\n",
                "\u0000+OK\r\r\n"
            })
    void a_greeting_is_found_behind_what_comes_before(String greeting) {
        server.greeting = greeting;
        assertCounts();
    }

    @Test
    void a_line_that_is_no_greeting_is_shown_where_none_follows() {
        server.greeting = "421 no\r\n";
        MailFailure failure =
                catchThrowableOfType(MailFailure.class, () -> Pop3Kit.open(server.port()));
        assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        assertThat(failure.reason()).contains("421 no");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CR CR LF",
                "LF",
                "blanks at the end",
                "a blank at the start",
                "tabs",
                "lower case",
                "words behind +OK",
                "zeros",
                "a NUL at the start"
            })
    void answers_in_odd_spellings_are_read(String spelling) {
        UnaryOperator<String> respell =
                right ->
                        switch (spelling) {
                            case "CR CR LF" -> right.replace("\r\n", "\r\r\n");
                            case "LF" -> right.replace("\r\n", "\n");
                            case "blanks at the end" -> right.replace("\r\n", " \t\r\n");
                            case "a blank at the start" -> " " + right;
                            case "tabs" -> right.replace(" ", "\t");
                            case "lower case" ->
                                    right.replace("+OK", "+ok").replace("-ERR", "-err");
                            case "words behind +OK" ->
                                    right.replace("+OK\r\n", "+OK 4 all follows\r\n");
                            case "zeros" -> right.replaceAll("(^|\n|[+]OK )([0-9]+) ", "$1000$2 ");
                            default -> "\u0000" + right;
                        };
        for (String command : new String[] {"USER", "PASS", "STAT", "UIDL", "LIST"}) {
            answering(command, respell);
        }
        assertCounts();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "+OK 4294967297 100\r\n",
                "+OK 999999999999 100\r\n",
                "+OK 3 99999999999999999999\r\n",
                "+OK 3 -1294967296\r\n",
                "+OK -5 100\r\n",
                "+OK 3\r\n",
                "+OK\r\n",
                "+OK three messages\r\n"
            })
    void a_stat_with_numbers_that_no_maildrop_has_is_not_needed(String stat) {
        answering("STAT", right -> stat);
        assertCounts();
    }

    @Test
    void listings_in_descending_order_are_taken_by_their_numbers() {
        for (String command : new String[] {"UIDL", "LIST"}) {
            answering(
                    command,
                    right -> {
                        String[] lines = right.split("\r\n");
                        StringBuilder turned = new StringBuilder(lines[0] + "\r\n");
                        for (int i = lines.length - 2; i > 0; i--) {
                            turned.append(lines[i]).append("\r\n");
                        }
                        return lines.length == 1 ? right : turned + ".\r\n";
                    });
        }
        assertCounts();
    }

    @Test
    void message_numbers_with_holes_are_counted() {
        for (String command : new String[] {"UIDL", "LIST"}) {
            answering(
                    command,
                    right ->
                            right.startsWith("+OK\r\n")
                                    ? right.replaceAll("(?m)^([0-9]+) ", "$15 ")
                                    : "-ERR no such message\r\n");
        }
        assertCounts();
    }

    @ParameterizedTest
    @ValueSource(strings = {"UIDL", "LIST", "UIDL and LIST", "UIDL, LIST and STAT", "TOP"})
    void an_answer_without_its_dot_is_read_to_its_end(String commands) {
        server.pipelining = commands.equals("UIDL");
        for (String command : commands.split(",? (and )?")) {
            answering(
                    command,
                    right ->
                            command.equals("STAT")
                                    ? "+OK\r\n"
                                    : right.endsWith("\r\n.\r\n")
                                            ? right.substring(0, right.length() - 3)
                                            : right);
        }
        if (commands.equals("TOP")) {
            server.uids = (session, number, message) -> "s" + session + "-" + number;
        }
        server.deliver(0, 2);
        assertThat(maildrop.check().kind()).isEqualTo(Kind.BASELINE);
        if (!commands.contains("STAT")) {
            server.deliver(3, 1);
            assertThat(maildrop.check().newCount()).isEqualTo(1);
        }
    }

    @Test
    void sizes_beyond_31_bits_are_counted() {
        server.maildrop.add(Message.of(1));
        answering("LIST", right -> right.replaceAll("(?m) ([0-9]+)\r$", " 9$1000000000\r"));
        assertCounts();
    }
}
