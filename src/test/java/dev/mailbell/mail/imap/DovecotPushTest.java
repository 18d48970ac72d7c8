package dev.mailbell.mail.imap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.PushSession.Wake;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import dev.mailbell.mail.imap.ImapKit.Watched;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** IDLE and NOTIFY of a real server. */
@Timeout(60)
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
        Watched inbox = new Watched("INBOX");
        try (ImapSession session = open(security)) {
            assertThat(session.push(List.of("INBOX"))).isTrue();
            inbox.look(session);
            assertThat(session.canPush()).isTrue();
            for (int i = 0; i < 3; i++) {
                mail.deliver(1);
                assertThat(session.await(() -> Duration.ZERO)).isEqualTo(Wake.CHANGED);
                assertThat(inbox.look(session).newCount()).isEqualTo(1);
            }
            // The newest goes, another comes: UIDNEXT has moved, the number of messages has not.
            mail.expunge("INBOX", 5);
            mail.deliver(1);
            int counted = 0;
            while (counted == 0) {
                assertThat(session.await(() -> Duration.ZERO)).isEqualTo(Wake.CHANGED);
                counted += inbox.look(session).newCount();
            }
            assertThat(counted).isEqualTo(1);
            assertThat(inbox.mark().topUid()).isEqualTo(6);
        }
    }

    @Test
    void who_waits_is_woken_by_another_thread_at_once_or_before_it_begins() throws Exception {
        Watched inbox = new Watched("INBOX");
        try (ImapSession session = open(Security.NONE)) {
            session.push(List.of("INBOX"));
            inbox.look(session);
            session.interrupt();
            assertThat(session.await(() -> Duration.ZERO)).isEqualTo(Wake.INTERRUPTED);
            Thread waker =
                    Thread.ofVirtual()
                            .start(() -> {
                                for (int i = 0; i < 3; i++) {
                                    session.interrupt();
                                }
                            });
            assertThat(session.await(() -> Duration.ZERO)).isEqualTo(Wake.INTERRUPTED);
            waker.join();
            mail.deliver(1);
            Wake wake = session.await(() -> Duration.ZERO);
            while (wake == Wake.INTERRUPTED) {
                wake = session.await(() -> Duration.ZERO);
            }
            assertThat(wake).isEqualTo(Wake.CHANGED);
        }
    }

    @Test
    void with_notify_one_connection_tells_of_all_mailboxes() {
        mail.create("Work");
        Watched inbox = new Watched("INBOX");
        Watched work = new Watched("Work");
        try (ImapSession session = open(Security.NONE)) {
            assertThat(session.capabilities()).contains("NOTIFY");
            assertThat(session.push(List.of("INBOX", "Work"))).isTrue();
            session.expect(List.of("Work", "INBOX"));
            work.look(session);
            inbox.look(session);
            mail.deliver("Work", Maildir.message("hello"));
            assertThat(session.await(() -> Duration.ZERO)).isEqualTo(Wake.CHANGED_ELSEWHERE);
            session.expect(List.of("Work", "INBOX"));
            assertThat(work.look(session).newCount()).isEqualTo(1);
            assertThat(inbox.look(session).newCount()).isZero();
            mail.deliver(1);
            Wake wake = session.await(() -> Duration.ZERO);
            assertThat(wake).isEqualTo(Wake.CHANGED);
            assertThat(inbox.look(session).newCount()).isEqualTo(1);
        }
    }
}
