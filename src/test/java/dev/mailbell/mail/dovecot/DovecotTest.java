package dev.mailbell.mail.dovecot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.connection.LimitedSocket;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DovecotTest {
    private final Dovecot server = Dovecot.shared();

    @Test
    void what_is_delivered_expunged_and_renumbered_is_the_truth() {
        Maildir mail = server.freshUser();
        assertThat(mail.uids("INBOX")).isEmpty();
        mail.deliver(3);
        assertThat(mail.uids("INBOX")).containsExactly(1, 2, 3);
        mail.expunge("INBOX", 2);
        mail.deliver(1);
        assertThat(mail.uids("INBOX")).containsExactly(1, 3, 4);
        assertThat(mail.flags("INBOX")).hasSize(3);
        mail.uidNext("INBOX", 4_294_967_290L);
        mail.deliver(1);
        assertThat(mail.uids("INBOX")).containsExactly(1, 3, 4, 4_294_967_290L);
        mail.uidValidity("INBOX", 77);
        assertThat(mail.status("INBOX", "uidvalidity")).isEqualTo(77);
        assertThat(mail.status("INBOX", "messages")).isEqualTo(4);
    }

    @Test
    void mailboxes_have_names_of_any_kind() {
        Maildir mail = server.freshUser();
        mail.create("Entwürfe & \"mehr\"/台北");
        mail.deliver("Entwürfe & \"mehr\"/台北", Maildir.message("one"));
        assertThat(mail.uids("Entwürfe & \"mehr\"/台北")).containsExactly(1);
    }

    @Test
    void all_four_ports_answer() throws IOException {
        int[] ports = {
            server.imapPort(), server.imapsPort(), server.pop3Port(), server.pop3sPort()
        };
        try (Loopback loopback = new Loopback()) {
            for (int i = 0; i < 4; i++) {
                Login login =
                        new Login(
                                i < 2 ? Protocol.IMAP : Protocol.POP3,
                                Dovecot.HOST,
                                ports[i],
                                i % 2 == 0 ? Security.NONE : Security.TLS,
                                "ann",
                                new Credential.Password(Dovecot.PASSWORD),
                                true,
                                server.caPem());
                try (LimitedSocket socket =
                        loopback.connector()
                                .open(login, Deadline.after(Duration.ofSeconds(60)), 4_096)) {
                    byte[] greeting = socket.getInputStream().readNBytes(4);
                    assertThat(new String(greeting, StandardCharsets.US_ASCII))
                            .isEqualTo(i < 2 ? "* OK" : "+OK ");
                }
            }
        }
    }
}
