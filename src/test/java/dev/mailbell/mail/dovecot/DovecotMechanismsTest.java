package dev.mailbell.mail.dovecot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logins at a Dovecot that allows one SASL mechanism. */
class DovecotMechanismsTest {
    private static final String LONG = "x".repeat(2_000);

    @ParameterizedTest
    @CsvSource({
        "login, true, true",
        "cram-md5, true, true",
        "scram-sha-1, true, true",
        "scram-sha-256, true, true",
        "plain, true, true",
        "plain login cram-md5 scram-sha-256, true, true",
        "apop, false, true"
    })
    void a_password_is_proven_by_what_the_server_offers(
            String mechanisms, boolean imap, boolean pop3) {
        try (Dovecot server = Dovecot.withMechanisms(mechanisms);
                Loopback loopback = new Loopback()) {
            for (Protocol protocol : Protocol.values()) {
                boolean possible = protocol == Protocol.IMAP ? imap : pop3;
                for (Security security : List.of(Security.NONE, Security.TLS)) {
                    assertThat(refusal(server, loopback, protocol, security, Dovecot.PASSWORD))
                            .describedAs("%s %s", protocol, security)
                            .satisfies(failure -> assertThat(failure == null).isEqualTo(possible));
                    MailFailure wrong = refusal(server, loopback, protocol, security, "wrong");
                    assertThat(wrong).describedAs("%s %s", protocol, security).isNotNull();
                    assertThat(wrong.code()).isEqualTo(FailureCode.AUTH_FAILED);
                    if (possible) {
                        assertThat(wrong.reason()).doesNotContain("OAuth").doesNotContain("tls");
                    }
                }
            }
        }
    }

    @Test
    void a_server_without_a_mechanism_for_passwords_is_named_with_what_it_offers() {
        try (Dovecot server = Dovecot.withMechanisms("anonymous");
                Loopback loopback = new Loopback()) {
            MailFailure failure =
                    refusal(server, loopback, Protocol.IMAP, Security.TLS, Dovecot.PASSWORD);

            assertThat(failure).isNotNull();
            assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
            assertThat(failure.reason()).contains("it offers ANONYMOUS");
        }
    }

    @Test
    void a_long_password_is_judged_by_the_server() {
        Dovecot server = Dovecot.shared();
        try (Loopback loopback = new Loopback()) {
            for (Protocol protocol : Protocol.values()) {
                MailFailure failure = refusal(server, loopback, protocol, Security.TLS, LONG);

                assertThat(failure).describedAs("%s", protocol).isNotNull();
                assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
                assertThat(failure.reason()).doesNotContain("buffer").doesNotContain("xxx");
            }
        }
    }

    private static MailFailure refusal(
            Dovecot server,
            Loopback loopback,
            Protocol protocol,
            Security security,
            String password) {
        boolean tls = security == Security.TLS;
        int port =
                protocol == Protocol.IMAP
                        ? tls ? server.imapsPort() : server.imapPort()
                        : tls ? server.pop3sPort() : server.pop3Port();
        Login login =
                new Login(
                        protocol,
                        Dovecot.HOST,
                        port,
                        security,
                        "ann",
                        new Credential.Password(password),
                        true,
                        server.caPem());
        MailServers servers =
                protocol == Protocol.IMAP
                        ? new ImapSessions(loopback.connector())
                        : new Pop3Sessions(loopback.connector());
        return catchThrowableOfType(
                MailFailure.class,
                () -> {
                    try (MailSession session =
                            servers.open(login, Deadline.after(Duration.ofSeconds(60)))) {
                        session.observe(new CheckRequest("INBOX", null, 1L << 32, false, null));
                    }
                });
    }
}
