package dev.mailbell.mail.imap;

import static dev.mailbell.mail.imap.ImapKit.check;
import static dev.mailbell.mail.imap.ImapKit.mark;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapObservation;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import dev.mailbell.mail.imap.ImapKit.TrackedMailbox;
import dev.mailbell.mail.scripted.CountingProxy;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DovecotCheckTest {
    private final Dovecot server = Dovecot.shared();
    private final Maildir mail = server.freshUser();

    private Login login(Security security, String password) {
        int port = security == Security.TLS ? server.imapsPort() : server.imapPort();
        return ImapKit.login(port, security, mail.user(), new Credential.Password(password));
    }

    private ImapSession open() {
        return open(Security.NONE);
    }

    private ImapSession open(Security security) {
        return ImapKit.sessions()
                .open(login(security, Dovecot.PASSWORD), Deadline.after(ImapKit.LONG));
    }

    @ParameterizedTest
    @EnumSource(Security.class)
    void arrivals_and_removals_are_counted_however_the_connection_is_secured(Security security) {
        mail.deliver(3);
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        try (ImapSession session = open(security)) {
            assertThat(inbox.check(session).kind()).isEqualTo(Kind.BASELINE);
            assertThat(inbox.mark().total()).isEqualTo(3);
            assertThat(inbox.mark().topUid()).isEqualTo(3);
            assertThat(inbox.mark().uidNext()).isEqualTo(4);
            assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);

            mail.deliver(2);
            Change arrived = inbox.check(session);
            assertThat(arrived.newCount()).isEqualTo(2);
            assertThat(arrived.newest()).containsExactly(4L, 5L);

            mail.expunge("INBOX", 5, 1);
            assertThat(inbox.check(session).newCount()).isZero();
            assertThat(inbox.mark().total()).isEqualTo(3);
            assertThat(inbox.mark().topUid()).isEqualTo(4);

            // As many come as go, the newest among them.
            mail.expunge("INBOX", 4, 3);
            mail.deliver(2);
            assertThat(inbox.check(session).newCount()).isEqualTo(2);
            assertThat(inbox.mark().topUid()).isEqualTo(7);

            // A message that arrives and is removed between two checks is not counted.
            mail.deliver(1);
            mail.expunge("INBOX", mail.uids("INBOX")[3]);
            assertThat(inbox.check(session).newCount()).isZero();
            assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
        }
    }

    @Test
    void an_unchanged_check_on_a_kept_connection_is_one_round_trip_of_at_most_300_octets()
            throws IOException {
        mail.deliver(5);
        try (CountingProxy proxy = new CountingProxy(server.imapPort())) {
            Login through =
                    ImapKit.login(
                            proxy.port(),
                            Security.NONE,
                            mail.user(),
                            new Credential.Password(Dovecot.PASSWORD));
            try (ImapSession session =
                    ImapKit.sessions().open(through, Deadline.after(ImapKit.LONG))) {
                ImapMark mark = mark(ImapKit.baseline(session));
                assertThat(mark(session.observe(check(mark)))).isEqualTo(mark);
                for (int i = 0; i < 3; i++) {
                    session.renew(Deadline.after(ImapKit.LONG));
                    proxy.reset();
                    assertThat(session.observe(check(mark)).found().isEmpty()).isTrue();
                    assertThat(proxy.flights()).isEqualTo(1);
                    assertThat(proxy.fromServer() + proxy.fromClient()).isLessThanOrEqualTo(300);
                }
            }
        }
    }

    @Test
    void another_uidvalidity_is_reported_with_what_arrived_since_the_last_check() {
        mail.deliver(4);
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        try (ImapSession session = open()) {
            inbox.check(session);
        }
        mail.uidValidity("INBOX", 4_294_967_295L);
        try (ImapSession session = open()) {
            Change reset = inbox.check(session);
            assertThat(reset.kind()).isEqualTo(Kind.RESET);
            assertThat(inbox.mark().uidValidity()).isEqualTo(4_294_967_295L);
            assertThat(inbox.mark().total()).isEqualTo(4);
            assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
        }
    }

    @Test
    void arrivals_after_a_changed_uidvalidity_are_counted_by_their_internaldate() {
        mail.deliver(4);
        ImapMark other = new ImapMark(99, 100, 50, 99);
        try (ImapSession session = open()) {
            CheckRequest yesterday =
                    new CheckRequest(
                            "INBOX", other, 100, false, Instant.parse("2023-11-14T00:00:00Z"));
            ImapObservation seen = session.observe(yesterday);
            assertThat(seen.arrivedSince()).isEqualTo(4);
            assertThat(seen.found().isEmpty()).isTrue();
            assertThat(seen.from()).isEqualTo(seen.uidNext());
            CheckRequest later =
                    new CheckRequest("INBOX", other, 100, false, Instant.now().plusSeconds(3_600));
            assertThat(session.observe(later).arrivedSince()).isZero();
        }
    }

    @Test
    void uids_up_to_the_highest_there_is_are_counted() {
        mail.deliver(1);
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        try (ImapSession session = open()) {
            inbox.check(session);
            mail.uidNext("INBOX", 4_294_967_290L);
            mail.deliver(3);
            assertThat(inbox.check(session).newCount()).isEqualTo(3);
            assertThat(inbox.mark().topUid()).isEqualTo(4_294_967_292L);
            assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
        }
    }

    @Test
    void a_client_that_lags_gets_everything_after_its_position() {
        mail.deliver(5);
        try (ImapSession session = open()) {
            ImapMark mark = mark(ImapKit.baseline(session));
            mail.deliver(2);
            mail.expunge("INBOX", 4);
            ImapObservation seen = session.observe(new CheckRequest("INBOX", mark, 3, false, null));
            assertThat(seen.from()).isEqualTo(3);
            assertThat(seen.found()).hasToString("3,5:7");
            mark = mark(seen);
            ImapObservation exhaustive =
                    session.observe(new CheckRequest("INBOX", mark, 6, true, null));
            assertThat(exhaustive.found()).hasToString("6:7");
            ImapObservation first = session.observe(new CheckRequest("INBOX", null, 2, true, null));
            assertThat(first.found()).hasToString("2:3,5:7");
        }
    }

    @Test
    void several_mailboxes_with_names_of_any_kind_share_a_connection() {
        List<String> names =
                List.of("Entwürfe & \"mehr\"/台北", "a b\\c", "其他文件夹", "plain", "emoji 📬");
        names.forEach(mail::create);
        List<TrackedMailbox> all = names.stream().map(TrackedMailbox::new).toList();
        try (ImapSession session = open()) {
            assertThat(session.mailboxes()).contains("INBOX").containsAll(names);
            all.forEach(box -> assertThat(box.check(session).kind()).isEqualTo(Kind.BASELINE));
            for (int i = 0; i < names.size(); i++) {
                mail.deliver(names.get(i), Maildir.message("to " + i));
                for (int j = 0; j < names.size(); j++) {
                    assertThat(all.get(j).check(session).newCount()).isEqualTo(i == j ? 1 : 0);
                }
            }
            assertThat(session.observe(check("inbox", null)).total()).isZero();
        }
    }

    @Test
    void many_mailboxes_that_are_unchanged_are_one_round_trip() throws IOException {
        List<String> names = List.of("INBOX", "a \"b\"", "台北", "c");
        names.subList(1, 4).forEach(mail::create);
        List<TrackedMailbox> all = names.stream().map(TrackedMailbox::new).toList();
        try (CountingProxy proxy = new CountingProxy(server.imapPort())) {
            Login through =
                    ImapKit.login(
                            proxy.port(),
                            Security.NONE,
                            mail.user(),
                            new Credential.Password(Dovecot.PASSWORD));
            try (ImapSession session =
                    ImapKit.sessions().open(through, Deadline.after(ImapKit.LONG))) {
                all.forEach(box -> box.check(session));
                session.expect(names);
                proxy.reset();
                session.expect(names);
                all.forEach(box -> assertThat(box.check(session).kind()).isEqualTo(Kind.NOTHING));
                assertThat(proxy.flights()).isEqualTo(1);

                mail.deliver("台北", Maildir.message("new"));
                session.expect(names);
                // A message that arrives after the command is counted by the next check.
                mail.deliver(1);
                assertThat(all.stream().mapToInt(box -> box.check(session).newCount()))
                        .containsExactly(0, 0, 1, 0);
                assertThat(all.stream().mapToInt(box -> box.check(session).newCount()))
                        .containsExactly(1, 0, 0, 0);
            }
        }
    }

    @Test
    void a_missing_mailbox_is_named_and_the_others_go_on() {
        mail.deliver(1);
        try (ImapSession session = open()) {
            for (ImapMark mark : new ImapMark[] {null, new ImapMark(1, 2, 1, 1)}) {
                MailFailure failure =
                        catchThrowableOfType(
                                MailFailure.class,
                                () -> session.observe(check("no such box", mark)));
                assertThat(failure.code()).isEqualTo(FailureCode.MAILBOX_MISSING);
                assertThat(failure.reason()).contains("no such box");
                assertThat(ImapKit.baseline(session).total()).isEqualTo(1);
            }
        }
    }

    @Test
    void envelopes_are_decoded_and_those_of_messages_that_are_gone_left_out() {
        mail.deliver(
                """
                From: =?UTF-8?Q?J=C3=BCrgen?= <j@example.org>, "Smith, Bob" <bob@example.org>
                To: ann@example.org
                Subject: =?UTF-8?B?5Y+w5YyX?= and
                 more
                Date: Fri, 20 Nov 2026 10:00:00 +0100

                secret body
                """);
        mail.deliver("\nno header at all\n");
        mail.deliver("Subject: rah \"quoted\" \\ {5}\nFrom: undisclosed:;\nDate: yesterday\n\n.\n");
        try (ImapSession session = open()) {
            ImapKit.baseline(session);
            List<Envelope> envelopes = session.envelopes(List.of(3L, 1L, 2L, 77L));
            assertThat(envelopes)
                    .containsExactly(
                            new Envelope("3", "undisclosed", "rah \"quoted\" \\ {5}", null),
                            new Envelope(
                                    "1",
                                    "\"Jürgen\" <j@example.org>, \"Smith, Bob\" <bob@example.org>",
                                    "台北 and more",
                                    Instant.parse("2026-11-20T09:00:00Z")),
                            new Envelope("2", null, null, null));
            ImapMark mark = mark(ImapKit.baseline(session));
            session.observe(check(mark));
            assertThat(session.envelopes(List.of(1L))).hasSize(1);
        }
    }

    @Test
    void looking_changes_nothing() {
        mail.deliver(3);
        List<String> files = mail.files();
        assertThat(files).allMatch(file -> file.startsWith("new/"));
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        try (ImapSession session = open()) {
            inbox.check(session);
            inbox.check(session);
            mail.deliver(1);
            inbox.check(session, true);
            session.envelopes(List.of(1L, 4L));
        }
        // A SELECT would have moved them out of new/, which takes \Recent away.
        assertThat(mail.files()).hasSize(4).allMatch(file -> file.startsWith("new/"));
        assertThat(mail.files()).containsAll(files);
        assertThat(mail.flags("INBOX"))
                .allSatisfy(flags -> assertThat(flags).doesNotContain("Seen", "Deleted"));
    }

    @Test
    void a_wrong_password_is_an_authentication_failure_that_does_not_show_it() {
        Login wrong = login(Security.TLS, "hunter2-wrong");
        MailFailure failure =
                catchThrowableOfType(
                        MailFailure.class,
                        () -> ImapKit.sessions().open(wrong, Deadline.after(ImapKit.LONG)));
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(failure.reason())
                .contains("AUTHENTICATIONFAILED", "app password")
                .doesNotContain("hunter2");
    }

    /** {@code -Dmailbell.steps.imap=20000} for more of it. */
    @Test
    @Timeout(3600)
    void random_histories_are_counted_exactly() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        long known = 0;
        ImapSession session = open();
        try {
            inbox.check(session);
            for (int step = 0; step < Integer.getInteger("mailbell.steps.imap", 40); step++) {
                if (random.nextInt(3) > 0) {
                    mail.deliver(random.nextInt(4));
                }
                if (random.nextInt(3) == 0) {
                    mail.expunge("INBOX", some(mail.uids("INBOX"), random));
                }
                if (random.nextInt(4) == 0) {
                    mail.deliver(random.nextInt(3));
                }
                if (random.nextInt(8) == 0) {
                    session.close();
                    session = open(Security.values()[random.nextInt(3)]);
                }
                session.renew(Deadline.after(ImapKit.LONG));
                int counted = inbox.check(session, random.nextInt(5) == 0).newCount();
                long[] truth = mail.uids("INBOX");
                long before = known;
                assertThat((long) counted)
                        .as("seed %d, step %d", seed, step)
                        .isEqualTo(Arrays.stream(truth).filter(uid -> uid > before).count());
                assertThat(inbox.mark().total()).as("seed %d", seed).isEqualTo(truth.length);
                known = Math.max(known, truth.length == 0 ? 0 : truth[truth.length - 1]);
            }
        } finally {
            session.close();
        }
    }

    /** A third of them; seldom most of them, so that mailboxes stay small. */
    private static long[] some(long[] uids, Random random) {
        int share = uids.length > 100 ? 9 : 3;
        return Arrays.stream(uids).filter(uid -> random.nextInt(10) < share).toArray();
    }

    @Test
    void mail_that_arrives_while_checks_are_under_way_is_counted_once()
            throws InterruptedException {
        int messages = 300;
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        try (ImapSession session = open()) {
            inbox.check(session);
            Thread delivery =
                    Thread.startVirtualThread(() -> {
                        for (int i = 0; i < messages; i++) {
                            mail.deliver(1);
                        }
                    });
            long counted = 0;
            while (delivery.isAlive()) {
                counted += inbox.check(session).newCount();
            }
            delivery.join();
            counted += inbox.check(session).newCount();
            assertThat(counted).isEqualTo(messages);
            assertThat(inbox.mark().total()).isEqualTo(messages);
        }
    }
}
