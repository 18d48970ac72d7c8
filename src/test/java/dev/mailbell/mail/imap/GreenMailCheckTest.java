package dev.mailbell.mail.imap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.icegreen.greenmail.store.FolderException;
import com.icegreen.greenmail.store.MailFolder;
import com.icegreen.greenmail.user.GreenMailUser;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.GreenMailUtil;
import com.icegreen.greenmail.util.ServerSetup;
import dev.mailbell.detection.Change.Kind;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.imap.ImapKit.TrackedMailbox;
import dev.mailbell.mail.servers.TestGreenMail;
import dev.mailbell.network.Deadline;
import jakarta.mail.internet.MimeMessage;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GreenMailCheckTest {
    private final GreenMail server = TestGreenMail.of(ServerSetup.PROTOCOL_IMAP);
    private GreenMailUser user;

    @BeforeEach
    void start() {
        server.start();
        user = server.setUser("ann@example.org", ImapKit.USER, ImapKit.PASSWORD);
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private ImapSession open(Credential credential) {
        return ImapKit.sessions()
                .open(
                        ImapKit.login(
                                server.getImap().getPort(),
                                Security.NONE,
                                ImapKit.USER,
                                credential),
                        Deadline.after(ImapKit.LONG));
    }

    private void deliver(String subject) {
        MimeMessage message =
                GreenMailUtil.createTextEmail(
                        "ann@example.org",
                        "bob@example.org",
                        subject,
                        "hello",
                        server.getImap().getServerSetup());
        user.deliver(message);
    }

    @Test
    void arrivals_and_removals_are_counted() throws FolderException {
        TrackedMailbox inbox = new TrackedMailbox("INBOX");
        try (ImapSession session = open(new Credential.Password(ImapKit.PASSWORD))) {
            assertThat(inbox.check(session).kind()).isEqualTo(Kind.BASELINE);
            deliver("one");
            deliver("two");
            assertThat(inbox.check(session).newCount()).isEqualTo(2);
            assertThat(session.envelopes(List.of(inbox.mark().topUid())))
                    .extracting(Envelope::from, Envelope::subject)
                    .containsExactly(org.assertj.core.groups.Tuple.tuple("bob@example.org", "two"));
            assertThat(inbox.check(session).kind()).isEqualTo(Kind.NOTHING);
            MailFolder folder = server.getManagers().getImapHostManager().getInbox(user);
            folder.deleteAllMessages();
            deliver("three");
            assertThat(inbox.check(session).newCount()).isEqualTo(1);
            assertThat(inbox.mark().total()).isEqualTo(1);
        }
    }

    @Test
    void an_access_token_logs_in_and_a_wrong_one_is_refused() {
        try (ImapSession session = open(new Credential.AccessToken(ImapKit.PASSWORD))) {
            assertThat(ImapKit.baseline(session).total()).isZero();
        }
        MailFailure failure =
                catchThrowableOfType(
                        MailFailure.class, () -> open(new Credential.AccessToken("stale")));
        assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
    }

    @Test
    void a_wrong_password_is_an_authentication_failure() {
        MailFailure failure =
                catchThrowableOfType(
                        MailFailure.class, () -> open(new Credential.Password("wrong")));
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
    }
}
