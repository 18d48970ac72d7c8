package dev.mailbell.mail.maildrop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.mail.Credential.Password;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.mail.scripted.ScriptedServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MaildropTest {
    private static final String IN =
            """
            S: +OK ready
            C: CAPA
            S: -ERR
            C: USER ann
            S: +OK
            C: PASS s3cret-word
            S: +OK
            """;

    private final Loopback loopback = new Loopback();

    @AfterEach
    void close() {
        loopback.close();
    }

    private Maildrop open(ScriptedServer server) {
        return Maildrop.open(
                loopback.connector(),
                new Login(
                        Protocol.POP3,
                        "127.0.0.1",
                        server.port(),
                        Security.NONE,
                        "ann",
                        new Password("s3cret-word"),
                        true,
                        null),
                Duration.ofSeconds(60));
    }

    @Test
    void a_message_is_copied_as_it_is_without_the_dots() throws IOException {
        try (ScriptedServer server =
                ScriptedServer.playing(
                        IN
                                + """
                                C: RETR 1
                                ! raw +OK\\r\\nA: b\\r\\n\\r\\n..two\\r\\n.\\xff\\xb5 three\\n...\\r\\n.\\rx\\r\\n
                                ! repeat 20000 x
                                ! raw \\r\\n.\\r\\n
                                C: QUIT
                                S: +OK bye
                                """)) {
            try (Maildrop maildrop = open(server)) {
                ByteArrayOutputStream octets = new ByteArrayOutputStream();
                maildrop.retrieve(1, octets, 1 << 20);
                assertThat(octets.toString(StandardCharsets.ISO_8859_1))
                        .isEqualTo(
                                "A: b\r\n\r\n.two\r\n\u00ff\u00b5 three\n..\r\n\rx\r\n"
                                        + "x".repeat(20_000)
                                        + "\r\n");
                assertThat(maildrop.quit()).isEqualTo("bye");
            }
        }
    }

    @Test
    void a_refusal_leaves_the_session_open() throws IOException {
        try (ScriptedServer server =
                ScriptedServer.playing(
                        IN
                                + """
                                C: DELE 7
                                S: -ERR no such message s3cret-word
                                C: DELE 1
                                S: +OK
                                C: RSET
                                S: +OK
                                C: STAT
                                S: +OK 2 320 ignored
                                C: QUIT
                                S: +OK
                                """)) {
            try (Maildrop maildrop = open(server)) {
                assertThatThrownBy(() -> maildrop.delete(7))
                        .isInstanceOf(Maildrop.RefusedException.class)
                        .hasMessageContaining("no such message [redacted]");
                maildrop.delete(1);
                assertThat(maildrop.marked()).isOne();
                maildrop.reset();
                assertThat(maildrop.marked()).isZero();
                assertThat(maildrop.stat()).isEqualTo(new Maildrop.Stat(2, 320));
                maildrop.quit();
            }
        }
    }

    @Test
    void without_quit_nothing_is_deleted() throws IOException {
        try (ScriptedServer server = ScriptedServer.playing(IN + "C: DELE 1\nS: +OK\n! anything")) {
            try (Maildrop maildrop = open(server)) {
                maildrop.delete(1);
            }
            assertThat(server.transcript()).doesNotContain("QUIT");
        }
    }

    @Test
    void endless_answers_end_at_their_limits() throws IOException {
        for (String flood :
                new String[] {
                    "! raw +OK\\r\\n\n! forever x",
                    "! raw +OK\\r\\n\n! forever 1 1\\r\\n",
                    "! forever x",
                    "S: +OK\nS: nonsense\n! anything"
                }) {
            try (ScriptedServer server = ScriptedServer.playing(IN + "C: LIST\n" + flood);
                    Maildrop maildrop = open(server)) {
                assertThatThrownBy(maildrop::list)
                        .isInstanceOfSatisfying(
                                MailFailure.class,
                                e -> assertThat(e.code()).isEqualTo(FailureCode.PROTOCOL_ERROR));
            }
        }
        try (ScriptedServer server =
                        ScriptedServer.playing(IN + "C: RETR 1\n! raw +OK\\r\\n\n! forever x");
                Maildrop maildrop = open(server)) {
            assertThatThrownBy(() -> maildrop.retrieve(1, new ByteArrayOutputStream(), 100_000))
                    .hasMessageContaining("more than 100000 octets");
        }
    }
}
