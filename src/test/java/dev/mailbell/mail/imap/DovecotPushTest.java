package dev.mailbell.mail.imap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.detection.Change;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.PushSession.Wake;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import dev.mailbell.mail.imap.ImapKit.TrackedMailbox;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** IDLE and NOTIFY of a real server. */
class DovecotPushTest {
    private final Dovecot server = Dovecot.shared();
    private final Maildir mail = server.freshUser();

    private ImapSession open(Security security) {
        int port = security == Security.TLS ? server.imapsPort() : server.imapPort();
        return ImapKit.sessions()
                .open(
                        ImapKit.login(
                                port,
                                security,
                                mail.user(),
                                new Credential.Password(Dovecot.PASSWORD)),
                        Deadline.after(ImapKit.LONG));
    }

    @ParameterizedTest
    @EnumSource(Security.class)
    void new_mail_wakes_who_waits_and_is_counted_without_opening_the_mailbox_anew(
            Security security) {
        mail.deliver(2);
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        try (ImapSession session = open(security)) {
            assertThat(session.push(List.of("INBOX"))).isTrue();
            inbox.check(session);
            assertThat(session.canPush()).isTrue();
            for (int i = 0; i < 3; i++) {
                mail.deliver(1);
                assertThat(session.await(hint -> Optional.of(Duration.ZERO)))
                        .isEqualTo(Wake.CHANGED);
                assertThat(inbox.check(session).newCount()).isEqualTo(1);
            }
            // The newest message is removed and another one arrives: UIDNEXT changes, the number of
            // messages does not.
            mail.expunge("INBOX", 5);
            mail.deliver(1);
            int counted = 0;
            while (counted == 0) {
                assertThat(session.await(hint -> Optional.of(Duration.ZERO)))
                        .isEqualTo(Wake.CHANGED);
                counted += inbox.check(session).newCount();
            }
            assertThat(counted).isEqualTo(1);
            assertThat(inbox.mark().topUid()).isEqualTo(6);
        }
    }

    @Test
    void who_waits_is_woken_by_another_thread_at_once_or_before_it_begins() throws Exception {
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        try (ImapSession session = open(Security.NONE)) {
            session.push(List.of("INBOX"));
            inbox.check(session);
            session.interrupt();
            assertThat(session.await(hint -> Optional.of(Duration.ZERO)))
                    .isEqualTo(Wake.INTERRUPTED);
            Thread waker =
                    Thread.ofVirtual()
                            .start(() -> {
                                for (int i = 0; i < 3; i++) {
                                    session.interrupt();
                                }
                            });
            assertThat(session.await(hint -> Optional.of(Duration.ZERO)))
                    .isEqualTo(Wake.INTERRUPTED);
            waker.join();
            mail.deliver(1);
            Wake wake = session.await(hint -> Optional.of(Duration.ZERO));
            while (wake == Wake.INTERRUPTED) {
                wake = session.await(hint -> Optional.of(Duration.ZERO));
            }
            assertThat(wake).isEqualTo(Wake.CHANGED);
        }
    }

    @Test
    void with_notify_one_connection_tells_of_all_mailboxes() {
        mail.create("Work");
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        TrackedMailbox work = new TrackedMailbox("Work");
        try (ImapSession session = open(Security.NONE)) {
            assertThat(session.capabilities()).contains("NOTIFY");
            assertThat(session.push(List.of("INBOX", "Work"))).isTrue();
            session.expect(List.of("Work", "INBOX"));
            work.check(session);
            inbox.check(session);
            mail.deliver("Work", Maildir.message("hello"));
            assertThat(session.await(hint -> Optional.of(Duration.ZERO)))
                    .isEqualTo(Wake.CHANGED_ELSEWHERE);
            session.expect(List.of("Work", "INBOX"));
            assertThat(work.check(session).newCount()).isEqualTo(1);
            assertThat(inbox.check(session).newCount()).isZero();
            mail.deliver(1);
            Wake wake = session.await(hint -> Optional.of(Duration.ZERO));
            assertThat(wake).isEqualTo(Wake.CHANGED);
            assertThat(inbox.check(session).newCount()).isEqualTo(1);
        }
    }

    /** IDLE stays bound to the mailbox that is gone; opening the name anew does not. */
    @ParameterizedTest
    @ValueSource(strings = {"deleted", "renamed"})
    void mail_in_a_mailbox_that_was_made_anew_while_idle_waits_is_found_by_the_next_check(
            String what) {
        mail.create("Work");
        mail.deliver("Work", Maildir.message("before"));
        TrackedMailbox work = new TrackedMailbox("Work");
        try (ImapSession session = open(Security.NONE)) {
            session.push(List.of("Work"));
            work.check(session);
            if (what.equals("deleted")) {
                mail.delete("Work");
            } else {
                mail.rename("Work", "Old");
            }
            mail.create("Work");
            mail.deliver("Work", Maildir.message("after"));
            session.interrupt();
            session.await(hint -> Optional.empty());
            session.expect(List.of("Work"));
            Change change = work.check(session);
            assertThat(change.kind()).isEqualTo(Change.Kind.RESET);
            assertThat(change.newCount()).isEqualTo(1);
            assertThat(session.canPush()).isTrue();
        }
    }

    @Test
    void mail_in_a_mailbox_whose_index_files_are_gone_is_found_by_the_next_session() {
        mail.create("Work");
        mail.deliver("Work", Maildir.message("before"));
        TrackedMailbox work = new TrackedMailbox("Work");
        try (ImapSession session = open(Security.NONE)) {
            session.push(List.of("Work"));
            work.check(session);
            mail.removeIndexes("Work");
            mail.drop("Work", Maildir.message("after"));
            session.interrupt();
            session.await(hint -> Optional.empty());
            session.expect(List.of("Work"));
            // Dovecot refuses what it had open until the session has ended.
            assertThatExceptionOfType(MailFailure.class).isThrownBy(() -> work.check(session));
        }
        try (ImapSession session = open(Security.NONE)) {
            session.push(List.of("Work"));
            // The UIDs begin anew, and both messages are of the last second.
            Change change = work.check(session);
            assertThat(change.kind()).isEqualTo(Change.Kind.RESET);
            assertThat(change.newCount()).isBetween(1, 2);
        }
    }

    @Test
    void mail_that_is_put_straight_into_another_mailbox_is_found_by_the_next_check_of_all() {
        mail.create("Work");
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        TrackedMailbox work = new TrackedMailbox("Work");
        try (ImapSession session = open(Security.NONE)) {
            assertThat(session.push(List.of("INBOX", "Work"))).isTrue();
            session.expect(List.of("Work", "INBOX"));
            work.check(session);
            inbox.check(session);
            mail.drop("Work", Maildir.message("hello"));
            session.interrupt();
            session.await(hint -> Optional.empty());
            session.expect(List.of("Work", "INBOX"));
            assertThat(work.check(session).newCount()).isEqualTo(1);
            assertThat(inbox.check(session).newCount()).isZero();
            assertThat(session.canPush()).isTrue();
        }
    }
}
