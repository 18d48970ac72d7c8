package dev.mailbell.mail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.connection.ConnectionGroup;
import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.mail.scripted.TestTls;
import dev.mailbell.mail.transcript.Transcript;
import dev.mailbell.mail.transcript.TranscriptLine;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is written down of connections with TLS, whole ones and broken ones. */
class TranscribedTlsTest {
    private static final String PASSWORD = "s3cret-word";

    private final Loopback loopback = new Loopback();

    @AfterEach
    void close() {
        loopback.close();
    }

    /** Logs in and out; the dialogue, and the failure as its last line. */
    private String said(Protocol protocol, Security security, @Nullable String caPem, String script)
            throws IOException {
        Transcript transcript = new Transcript(protocol, List.of(), System::nanoTime);
        ConnectionGroup connections = new ConnectionGroup();
        connections.transcribe(transcript);
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            Login login =
                    new Login(
                            protocol,
                            "127.0.0.1",
                            server.port(),
                            security,
                            "ann",
                            new Credential.Password(PASSWORD),
                            true,
                            caPem);
            MailServers servers =
                    protocol == Protocol.IMAP
                            ? new ImapSessions(loopback.connector())
                            : new Pop3Sessions(loopback.connector());
            connections.call(
                    () -> true,
                    () -> {
                        try (MailSession session =
                                servers.open(login, Deadline.after(Duration.ofSeconds(60)))) {
                            return session.capabilities();
                        } catch (MailFailure failure) {
                            transcript.note(failure.code().wireName());
                            return List.of();
                        }
                    });
        }
        String all =
                transcript.shown().lines().stream()
                        .map(TranscriptLine::text)
                        .collect(Collectors.joining("\n"));
        assertThat(all).doesNotContain(PASSWORD);
        return all;
    }

    @Test
    void a_dialogue_goes_on_behind_starttls() throws IOException {
        assertThat(
                        said(
                                Protocol.IMAP,
                                Security.STARTTLS,
                                TestTls.caPem(),
                                """
                                S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi
                                C: {tag} STARTTLS
                                S: {tag} OK go
                                ! tls
                                C: {tag} CAPABILITY
                                S: * CAPABILITY IMAP4rev1
                                S: {tag} OK done
                                C: {tag} LOGIN {*}
                                S: {tag} OK [CAPABILITY IMAP4rev1] in
                                C: {tag} LOGOUT
                                S: * BYE
                                S: {tag} OK bye
                                """))
                .contains(
                        " STARTTLS\n",
                        " OK go\nTLSv1.",
                        "certificate of CN=localhost",
                        "LOGIN [user name and password not shown]",
                        "* BYE",
                        "closes the connection");
    }

    @Test
    void a_dialogue_is_written_down_inside_tls() throws IOException {
        assertThat(
                        said(
                                Protocol.POP3,
                                Security.TLS,
                                TestTls.caPem(),
                                """
                                ! tls
                                S: +OK hi
                                C: CAPA
                                S: -ERR no
                                C: USER ann
                                S: +OK
                                C: PASS {*}
                                S: -ERR s3cret-word is wrong
                                ! anything
                                """))
                .contains(
                        "connected\nTLSv1.",
                        "+OK hi",
                        "USER ann",
                        "PASS [not shown]",
                        "-ERR [redacted] is wrong",
                        "auth_failed");
    }

    @Test
    void a_certificate_that_nobody_trusts_ends_the_dialogue() throws IOException {
        assertThat(
                        said(
                                Protocol.IMAP,
                                Security.TLS,
                                null,
                                """
                                ! tls refused
                                """))
                .startsWith("connects to 127.0.0.1:")
                .contains("connected\n")
                .endsWith("tls_failed")
                .doesNotContain("LOGIN");
    }
}
