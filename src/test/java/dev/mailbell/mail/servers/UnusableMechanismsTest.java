package dev.mailbell.mail.servers;

import static org.assertj.core.api.Assertions.assertThat;

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
    void a_mechanism_that_the_server_offers_and_cannot_do_is_followed_by_the_next() {
        Mailutils server = Mailutils.withUnusableMechanisms();
        RealMailbox mail = server.freshUser();
        try (Loopback loopback = new Loopback()) {
            for (Protocol protocol : Protocol.values()) {
                MailServers sessions =
                        protocol == Protocol.IMAP
                                ? new ImapSessions(loopback.connector())
                                : new Pop3Sessions(loopback.connector());
                try (MailSession session =
                        sessions.open(
                                HistoryCheck.login(server, protocol, mail.user()),
                                Deadline.after(HistoryCheck.PATIENCE))) {
                    assertThat(session.capabilities()).isNotEmpty();
                }
            }
        }
    }
}
