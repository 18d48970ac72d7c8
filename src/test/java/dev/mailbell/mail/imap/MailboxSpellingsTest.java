package dev.mailbell.mail.imap;

import static dev.mailbell.mail.imap.ImapKit.GOODBYE;
import static dev.mailbell.mail.imap.ImapKit.MODERN;
import static dev.mailbell.mail.imap.ImapKit.check;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.ImapObservation;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mailboxes whose names are not spelled as RFC 3501 asks for. */
class MailboxSpellingsTest {
    private static final String OPENED =
            """
            S: * 3 EXISTS
            S: * OK [UIDVALIDITY 7] ok
            S: * OK [UIDNEXT 4] ok
            S: {tag} OK done
            C: {tag} FETCH 3 (UID)
            S: * 3 FETCH (UID 3)
            S: {tag} OK done
            """;

    private static final String MISSING = "S: {tag} NO [NONEXISTENT] no such mailbox\n";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    Абв&где     | &BBAEMQQy-&-&BDMENAQ1- | &BBAEMQQyACYEMwQ0BDU-   | &BBAEMQQyACYEMwQ0BDU-
                    R & D       | "R &- D"               | "R & D"                 | "R & D"
                    &BBAEMQQyACYEMwQ0BDU- | &-BBAEMQQyACYEMwQ0BDU- | &BBAEMQQyACYEMwQ0BDU- | &BBAEMQQyACYEMwQ0BDU-
                    archive     | archive                | "Archive"               | Archive
                    Inbox/Sub   | Inbox/Sub              | "INBOX/Sub"             | INBOX/Sub
                    Work        | Work                   | "Work/"                 | Work/
                    a"b\\c      | "a\\"b\\\\c"           | "A\\"b\\\\c"            | "A\\"b\\\\c"
                    """)
    void a_name_that_the_server_does_not_know_is_resolved_through_its_list_and_kept(
            String name, String tried, String listed, String used) throws IOException {
        ImapObservation seen =
                ImapKit.playing(
                        MODERN
                                + "C: {tag} EXAMINE "
                                + tried
                                + "\n"
                                + MISSING
                                + "C: {tag} LIST \"\" \"*\"\n"
                                + "S: * LIST () NIL Other\n"
                                + "S: * LIST (\\HasNoChildren) \"/\" "
                                + listed
                                + "\nS: {tag} OK done\n"
                                + "C: {tag} EXAMINE "
                                + used
                                + "\n"
                                + OPENED
                                + "C: {tag} UNSELECT\nS: {tag} OK done\n"
                                + "C: {tag} STATUS "
                                + used
                                + " (MESSAGES UIDNEXT UIDVALIDITY)\n"
                                + "S: * STATUS "
                                + listed
                                + " (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7)\n"
                                + "S: {tag} OK done\n"
                                + GOODBYE,
                        session -> {
                            ImapObservation first = session.observe(check(name, null));
                            return session.observe(check(name, ImapKit.mark(first)));
                        });
        assertThat(seen.total()).isEqualTo(3);
        assertThat(seen.found().isEmpty()).isTrue();
    }

    @Test
    void a_name_in_raw_utf_8_is_sent_back_octet_by_octet() throws IOException {
        ImapObservation seen =
                ImapKit.playing(
                        MODERN
                                + "C: {tag} EXAMINE Gr&APwA3w-e\n"
                                + MISSING
                                + "C: {tag} LIST \"\" \"*\"\n"
                                + "! raw * LIST () \"/\" {7}\\r\\nGr\\xc3\\xbc\\xc3\\x9fe\\r\\n\n"
                                + "S: {tag} OK done\n"
                                + "C: {tag} EXAMINE {7+}\n"
                                + "C: Gr{*}e\n"
                                + OPENED
                                + GOODBYE,
                        session -> session.observe(check("Grüße", null)));
        assertThat(seen.total()).isEqualTo(3);
    }

    @Test
    void a_missing_name_is_looked_up_once_in_a_while_and_a_refused_list_changes_nothing()
            throws IOException {
        String script =
                MODERN
                        + "C: {tag} EXAMINE Work\n"
                        + MISSING
                        + "C: {tag} LIST \"\" \"*\"\nS: {tag} NO not today\n"
                        + "C: {tag} EXAMINE Work\n"
                        + MISSING
                        + GOODBYE;
        ImapKit.playing(
                script,
                session -> {
                    for (int i = 0; i < 2; i++) {
                        MailFailure failure = failing(session);
                        assertThat(failure.code()).isEqualTo(FailureCode.MAILBOX_MISSING);
                    }
                    return true;
                });
    }

    private static MailFailure failing(ImapSession session) {
        try {
            session.observe(check("Work", null));
            throw new AssertionError("nothing failed");
        } catch (MailFailure failure) {
            return failure;
        }
    }

    @Test
    void a_spelling_is_remembered_from_session_to_session() throws IOException {
        String second = MODERN + "C: {tag} EXAMINE \"R & D\"\n" + OPENED + GOODBYE;
        String first =
                MODERN
                        + "C: {tag} EXAMINE \"R &- D\"\n"
                        + MISSING
                        + "C: {tag} LIST \"\" \"*\"\nS: * LIST () \"/\" \"R & D\"\n"
                        + "S: {tag} OK done\n"
                        + "C: {tag} EXAMINE \"R & D\"\n"
                        + OPENED
                        + GOODBYE;
        ImapSessions sessions = ImapKit.sessions();
        try (ScriptedServer server = ScriptedServer.playing(first + "---\n" + second)) {
            for (int i = 0; i < 2; i++) {
                try (ImapSession session =
                        sessions.open(ImapKit.login(server.port()), Deadline.after(ImapKit.LONG))) {
                    assertThat(session.observe(check("R & D", null)).total()).isEqualTo(3);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    a     | A;a            | a
                    a     | A;b            | A
                    a     | A;Á            | A
                    ab    | AB;Ab          |
                    &AGE- | a;&AGE-        | &AGE-
                    a     | &AGE-          | &AGE-
                    é     | &AGUDAQ-       | &AGUDAQ-
                    x     | y              |
                    """)
    void a_name_is_matched_exactly_before_it_is_matched_loosely(
            String name, String listed, String expected) {
        assertThat(MailboxSpellings.matching(name, List.of(listed.split(";"))))
                .isEqualTo(Optional.ofNullable(expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    草稿箱   | GBK
                    寄件備份 | Big5
                    下書き   | Shift_JIS
                    Черновик | KOI8-R
                    Черновик | windows-1251
                    Entwürfe | ISO-8859-1
                    """)
    void a_name_kept_in_a_charset_before_unicode_is_found_by_its_octets(
            String name, String charset) {
        String raw = new String(name.getBytes(Charset.forName(charset)), ISO_8859_1);
        assertThat(MailboxSpellings.matching(name, List.of("INBOX", "Other", raw))).contains(raw);
        assertThat(MailboxSpellings.matching("Other", List.of("INBOX", raw))).isEmpty();
    }

    @Test
    void spellings_are_bounded_and_looked_up_again_after_a_while() {
        long[] now = {5};
        MailboxSpellings spellings = new MailboxSpellings(() -> now[0]);
        MailboxSpellings.OfLogin login = spellings.of(ImapKit.login(1));
        assertThat(login.refresh("x", () -> Optional.of(List.of("X")))).isTrue();
        assertThat(login.raw("x")).isEqualTo("X");
        assertThat(login.refresh("x", () -> Optional.of(List.of("x ")))).isFalse();
        now[0] += MailboxSpellings.ASKED_AGAIN.toNanos();
        assertThat(login.refresh("x", Optional::empty)).isFalse();
        assertThat(login.raw("x")).isEqualTo("x");
        for (int i = 0; i < MailboxSpellings.MAX_NAMES; i++) {
            String name = "m" + i;
            assertThat(login.refresh(name, () -> Optional.of(List.of("M" + name.substring(1)))))
                    .isTrue();
        }
        assertThat(login.refresh("x", () -> Optional.of(List.of("X")))).isTrue();
        assertThat(login.raw("m0")).isEqualTo("m0");
        assertThat(login.refresh("INBOX", () -> Optional.of(List.of("inbox")))).isFalse();
    }

    @Test
    void the_list_shows_each_name_as_it_reads() {
        String utf8 =
                new String("Grüße".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertThat(
                        MailboxList.readable(
                                List.of(
                                        "inbox",
                                        "&BBAEMQQyACYEMwQ0BDU-",
                                        "R & D",
                                        utf8,
                                        "&V4NXPpCuTvY-",
                                        "&AGE-",
                                        "a")))
                .containsExactly("INBOX", "Абв&где", "R & D", "Grüße", "垃圾邮件", "&AGE-", "a");
    }
}
