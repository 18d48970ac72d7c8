package dev.mailbell.mail.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.network.Deadline;
import org.junit.jupiter.api.Test;

/** GNU mailutils offers each mechanism that its library knows. */
class UnusableMechanismsTest {
    @Test
    void a_mechanism_that_the_server_cannot_do_is_followed_by_the_next_where_that_is_allowed() {
        Mailutils server = Mailutils.withUnusableMechanisms();
        RealMailbox mail = server.freshUser();
        try (Loopback loopback = new Loopback()) {
            for (Protocol protocol : Protocol.values()) {
                MailServers sessions =
                        protocol == Protocol.IMAP
                                ? new ImapSessions(loopback.connector())
                                : new Pop3Sessions(loopback.connector());
                Login strict = HistoryCheck.login(server, protocol, mail.user());
                Deadline deadline = Deadline.after(HistoryCheck.PATIENCE);
                // Over POP3 it lists no mechanism.
                if (protocol == Protocol.IMAP) {
                    MailFailure refusal =
                            catchThrowableOfType(
                                    MailFailure.class, () -> sessions.open(strict, deadline));
                    assertThat(refusal.code()).isEqualTo(FailureCode.AUTH_FAILED);
                    assertThat(refusal.reason()).contains("plainFallback");
                }
                Login allowed =
                        new Login(
                                strict.protocol(),
                                strict.host(),
                                strict.port(),
                                strict.security(),
                                strict.username(),
                                strict.credential(),
                                strict.tls(),
                                null,
                                null,
                                true);
                try (MailSession session = sessions.open(allowed, deadline)) {
                    assertThat(session.capabilities()).isNotEmpty();
                }
            }
        }
    }
}
