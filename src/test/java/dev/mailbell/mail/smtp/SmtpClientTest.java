package dev.mailbell.mail.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.sun.management.ThreadMXBean;
import dev.mailbell.mail.Credential.AccessToken;
import dev.mailbell.mail.Credential.Password;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.mail.scripted.TestTls;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.tls.TlsTrust;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SmtpClientTest {
    /** Only a failing test reaches it. */
    private static final Duration LONG = Duration.ofSeconds(180);

    private static final String SECRET = "s3cret-word";
    private static final InstantSource CLOCK =
            InstantSource.fixed(Instant.parse("2026-11-20T10:00:00Z"));

    private final Loopback loopback = new Loopback();
    private final SmtpClient client = new SmtpClient(loopback.connector(), CLOCK);

    @TempDir private Path directory;

    @AfterEach
    void close() {
        loopback.close();
    }

    private static SmtpServer at(int port, Security security, SmtpServer.@Nullable Login login) {
        return new SmtpServer(
                new Endpoint(
                        "127.0.0.1", port, security, new TlsTrust(true, TestTls.caPem()), null),
                login);
    }

    private static SmtpServer.Login password() {
        return new SmtpServer.Login("ann@mail.example", new Password(SECRET));
    }

    private static OutgoingMail mail(String... to) {
        return new OutgoingMail(
                "Ann <ann@mail.example>", List.of(to), "hello", "one\n.two\n", List.of());
    }

    private SendResult send(FakeSmtp server, OutgoingMail mail) {
        return client.send(at(server.port(), Security.NONE, null), mail, Deadline.after(LONG));
    }

    private MailFailure failure(int port, Security security, SmtpServer.@Nullable Login login) {
        return catchThrowableOfType(
                MailFailure.class,
                () ->
                        client.send(
                                at(port, security, login),
                                mail("b@x.example"),
                                Deadline.after(LONG)));
    }

    @Test
    void a_message_is_sent_with_headers_in_utf_8_and_a_message_id_that_tells_nothing()
            throws IOException {
        try (FakeSmtp server = new FakeSmtp()) {
            SendResult result =
                    send(
                            server,
                            new OutgoingMail(
                                    "Änn <ann@mail.example>",
                                    List.of("Bøb <bob@bücher.example>"),
                                    "Grüße 世界",
                                    "Schöne Grüße\n.\n.zwei\n",
                                    List.of()));

            assertThat(result.isComplete()).isTrue();
            assertThat(result.answer()).isEqualTo("250 2.0.0 queued");
            assertThat(result.recipients())
                    .containsExactly(
                            new RecipientAnswer(
                                    "bob@xn--bcher-kva.example", true, "250 2.0.0 fine"));
            assertThat(server.commands)
                    .contains("MAIL FROM:<ann@mail.example>", "RCPT TO:<bob@xn--bcher-kva.example>")
                    .anyMatch(command -> command.equals("EHLO [127.0.0.1]"));
            // The client waits two seconds for the answer to QUIT, and not longer.
            await().untilAsserted(() -> assertThat(server.commands).contains("QUIT"));
            String message = String.valueOf(server.messages.peek());
            assertThat(message)
                    .contains("Subject: =?UTF-8?")
                    .contains("From: =?UTF-8?")
                    .contains("Message-ID: " + result.messageId())
                    .contains("Date: Fri, 20 Nov 2026 ")
                    .contains("charset=UTF-8")
                    .matches("(?s)[\\x00-\\x7f]*");
            assertThat(result.messageId()).matches("<[0-9a-f-]{36}@mail\\.example>");
            assertThat(server.octets).isGreaterThanOrEqualTo(result.octets());
        }
    }

    @Test
    void a_login_and_the_message_go_over_tls_alone() throws IOException {
        for (Security security : List.of(Security.TLS, Security.STARTTLS)) {
            try (FakeSmtp server = new FakeSmtp(security == Security.TLS)) {
                server.extensions = List.of("STARTTLS", "AUTH PLAIN LOGIN");
                SendResult result =
                        client.send(
                                at(server.port(), security, password()),
                                mail("b@x.example"),
                                Deadline.after(LONG));

                assertThat(result.isComplete()).isTrue();
                assertThat(server.commands)
                        .contains("AUTH PLAIN " + base64("\0ann@mail.example\0" + SECRET));
                assertThat(server.commands.contains("STARTTLS"))
                        .isEqualTo(security == Security.STARTTLS);
            }
        }
    }

    @Test
    void without_starttls_nothing_is_sent() throws IOException {
        try (FakeSmtp server = new FakeSmtp()) {
            MailFailure failure = failure(server.port(), Security.STARTTLS, password());
            assertThat(failure.code()).isEqualTo(FailureCode.TLS_FAILED);
            assertThat(failure.reason()).contains("does not offer STARTTLS");
            assertThat(server.commands).noneMatch(command -> command.startsWith("AUTH"));
        }
    }

    @Test
    void a_certificate_that_is_not_trusted_ends_it_before_the_login() throws IOException {
        try (FakeSmtp server = new FakeSmtp(true)) {
            SmtpServer untrusted =
                    new SmtpServer(
                            new Endpoint(
                                    "127.0.0.1",
                                    server.port(),
                                    Security.TLS,
                                    new TlsTrust(true, null),
                                    null),
                            password());
            assertThatThrownBy(
                            () -> client.send(untrusted, mail("b@x.example"), Deadline.after(LONG)))
                    .isInstanceOfSatisfying(
                            MailFailure.class,
                            e -> assertThat(e.code()).isEqualTo(FailureCode.TLS_FAILED));
            assertThat(server.commands).isEmpty();
        }
    }

    @Test
    void each_recipient_that_is_refused_is_named_and_the_others_get_the_message()
            throws IOException {
        try (FakeSmtp server = new FakeSmtp()) {
            server.answers.put("RCPT TO:<no@x.example>", "550 5.1.1 no such user\u001b[31m");
            server.answers.put("RCPT TO:<full@x.example>", "452 4.2.2 full");
            SendResult result =
                    send(server, mail("yes@x.example", "no@x.example", "full@x.example"));

            assertThat(result.isComplete()).isFalse();
            assertThat(result.recipients())
                    .containsExactly(
                            new RecipientAnswer("yes@x.example", true, "250 2.0.0 fine"),
                            new RecipientAnswer(
                                    "no@x.example", false, "550 5.1.1 no such user [31m"),
                            new RecipientAnswer("full@x.example", false, "452 4.2.2 full"));
            assertThat(server.messages).hasSize(1);
        }
    }

    @Test
    void a_message_that_no_recipient_gets_is_not_sent() throws IOException {
        try (FakeSmtp server = new FakeSmtp()) {
            server.answers.put("RCPT", "550 5.1.1 nobody here");
            SendFailure failure =
                    catchThrowableOfType(
                            SendFailure.class,
                            () -> send(server, mail("a@x.example", "b@x.example")));

            assertThat(failure.isMaybeAccepted()).isFalse();
            assertThat(failure.reason())
                    .contains("takes none of the recipients")
                    .contains("nobody here");
            assertThat(failure.recipients()).hasSize(2).noneMatch(RecipientAnswer::accepted);
            assertThat(server.messages).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"MAIL", "DATA", "."})
    void a_refusal_is_quoted(String at) throws IOException {
        try (FakeSmtp server = new FakeSmtp()) {
            server.answers.put(at, "554 5.7.1 not from you");
            SendFailure failure =
                    catchThrowableOfType(
                            SendFailure.class, () -> send(server, mail("b@x.example")));

            assertThat(failure.isMaybeAccepted()).isFalse();
            assertThat(failure.reason()).contains("554 5.7.1 not from you");
        }
    }

    @Test
    void only_after_the_end_of_the_message_a_broken_connection_leaves_it_open() throws IOException {
        for (String at : List.of("MAIL", "RCPT", "DATA", ".")) {
            try (FakeSmtp server = new FakeSmtp()) {
                server.answers.put(at, FakeSmtp.HANG_UP);
                SendFailure failure =
                        catchThrowableOfType(
                                SendFailure.class, () -> send(server, mail("b@x.example")));

                assertThat(failure.isMaybeAccepted()).as(at).isEqualTo(at.equals("."));
                assertThat(failure.reason())
                        .as(at)
                        .contains(at.equals(".") ? "it may have accepted it" : "was not sent");
            }
        }
    }

    @Test
    void a_connection_that_breaks_within_the_message_has_not_sent_it() throws IOException {
        Path file = sparse("large.bin", 8 << 20);
        try (FakeSmtp server = new FakeSmtp()) {
            server.readOfMessage = 100_000;
            SendFailure failure =
                    catchThrowableOfType(
                            SendFailure.class, () -> send(server, withAttachment(file)));
            assertThat(failure.isMaybeAccepted()).isFalse();
            assertThat(server.messages).isEmpty();
        }
    }

    @Test
    void a_server_that_never_answers_the_end_is_given_up_at_the_deadline() throws IOException {
        try (FakeSmtp server = new FakeSmtp()) {
            server.answers.put(".", FakeSmtp.SILENCE);
            SendFailure failure =
                    ScriptedServer.inTime(time -> {
                        MailFailure given =
                                catchThrowableOfType(
                                        MailFailure.class,
                                        () ->
                                                client.send(
                                                        at(server.port(), Security.NONE, null),
                                                        mail("b@x.example"),
                                                        Deadline.after(time)));
                        // On a busy machine the deadline may pass before the end is sent.
                        ScriptedServer.requireReached(
                                given instanceof SendFailure sending && sending.isMaybeAccepted(),
                                "the end of the message");
                        return (SendFailure) given;
                    });
            assertThat(failure.code()).isEqualTo(FailureCode.TIMEOUT);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "S: * OK IMAP4rev1 ready\n! anything",
                "! raw \\x16\\x03\\x01\\x00\\xff\\r\\n\n! anything",
                "! forever 250-x\\r\\n",
                "! forever x",
                "S: 554 5.7.1 go away\n! anything",
                "! drop"
            })
    void a_server_that_does_not_speak_smtp_is_named(String script) throws IOException {
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            MailFailure failure = failure(server.port(), Security.NONE, password());
            assertThat(failure).isNotNull();
            assertThat(failure.code())
                    .isIn(
                            FailureCode.PROTOCOL_ERROR,
                            FailureCode.SERVER_ERROR,
                            FailureCode.CONNECT_FAILED);
            assertThat(failure.reason()).contains("127.0.0.1").doesNotContain("\u001b");
        }
    }

    @Test
    void a_silent_server_is_given_up_at_the_deadline() throws IOException {
        try (FakeSmtp server = new FakeSmtp()) {
            server.answers.put("greeting", FakeSmtp.SILENCE);
            MailFailure failure =
                    catchThrowableOfType(
                            MailFailure.class,
                            () ->
                                    client.send(
                                            at(server.port(), Security.NONE, null),
                                            mail("b@x.example"),
                                            Deadline.after(Duration.ofMillis(200))));
            assertThat(failure.code()).isEqualTo(FailureCode.TIMEOUT);
        }
    }

    @Test
    void a_refused_password_is_quoted_without_itself() throws IOException {
        try (FakeSmtp server = new FakeSmtp(true)) {
            server.answers.put("AUTH", "535 5.7.8 bad password " + SECRET);
            MailFailure failure = failure(server.port(), Security.TLS, password());
            assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
            assertThat(failure.reason()).contains("535").doesNotContain(SECRET);
        }
    }

    @Test
    void a_refused_token_is_explained_before_it_is_refused() throws IOException {
        try (FakeSmtp server = new FakeSmtp(true)) {
            server.extensions = List.of("AUTH XOAUTH2");
            server.answers.put("AUTH", "334 " + base64("{\"status\":\"401\"}"));
            server.answers.put("=", "535 5.7.3 token expired");
            MailFailure failure =
                    failure(
                            server.port(),
                            Security.TLS,
                            new SmtpServer.Login("ann@mail.example", new AccessToken(SECRET)));
            assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
            assertThat(failure.reason()).contains("token expired").doesNotContain(SECRET);
            assertThat(server.commands)
                    .anyMatch(command ->
                            command.equals(
                                    "AUTH XOAUTH2 "
                                            + base64(
                                                    "user=ann@mail.example\1auth=Bearer "
                                                            + SECRET
                                                            + "\1\1")));
        }
    }

    @Test
    void a_message_over_the_servers_size_is_refused_before_it_is_sent() throws IOException {
        Path file = sparse("large.bin", 20_000);
        try (FakeSmtp server = new FakeSmtp()) {
            server.extensions = List.of("SIZE 20000");
            SendFailure failure =
                    catchThrowableOfType(
                            SendFailure.class, () -> send(server, withAttachment(file)));
            assertThat(failure.reason()).contains("takes at most 20,000");
            assertThat(server.commands).noneMatch(command -> command.startsWith("MAIL"));

            server.extensions = List.of("SIZE 40000");
            SendResult sent = send(server, withAttachment(file));
            assertThat(server.commands)
                    .contains("MAIL FROM:<ann@mail.example> SIZE=" + sent.octets());
            assertThat(server.octets).isBetween(sent.octets(), sent.octets() + 5);
        }
    }

    @Test
    void an_address_in_other_letters_needs_a_server_that_knows_them() throws IOException {
        OutgoingMail mail = mail("jürgen@x.example");
        try (FakeSmtp server = new FakeSmtp()) {
            SendFailure failure = catchThrowableOfType(SendFailure.class, () -> send(server, mail));
            assertThat(failure.reason()).contains("SMTPUTF8");

            server.extensions = List.of("SMTPUTF8");
            assertThat(send(server, mail).isComplete()).isTrue();
            assertThat(server.commands)
                    .contains("MAIL FROM:<ann@mail.example> SMTPUTF8")
                    .contains("RCPT TO:<j\u00c3\u00bcrgen@x.example>");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a@x.example\r\nBcc: c@x.example",
                "a@x.example>\r\nRCPT TO:<c@x.example",
                "a",
                "",
                "a@x.example, b@x.example",
                "<a@x.example> SIZE=1",
                "a b@x.example",
                "@x.example",
                "a@"
            })
    void what_could_become_another_header_or_command_is_no_address(String address)
            throws IOException {
        try (FakeSmtp server = new FakeSmtp()) {
            assertThatThrownBy(() -> send(server, mail(address)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() ->
                            send(
                                    server,
                                    new OutgoingMail(
                                            "ann@mail.example",
                                            List.of("b@x.example"),
                                            "hello\r\nBcc: " + address,
                                            "text",
                                            List.of())))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(server.commands).isEmpty();
        }
    }

    @Test
    void twenty_megabytes_are_read_while_they_are_sent() throws IOException {
        Path file = sparse("Bericht \"2026\" größer.pdf", 20 << 20);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (FakeSmtp server = new FakeSmtp()) {
            long before = threads.getCurrentThreadAllocatedBytes();
            SendResult result = send(server, withAttachment(file));
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;

            assertThat(result.octets()).isGreaterThan((20L << 20) / 3 * 4);
            assertThat(server.octets).isGreaterThanOrEqualTo(result.octets());
            assertThat(allocated).isLessThan(10L << 20);
            assertThat(String.valueOf(server.messages.peek()))
                    .contains("Content-Type: application/pdf")
                    .contains("Content-Transfer-Encoding: base64")
                    .contains("filename*=UTF-8''Bericht%20%222026%22%20gr%C3%B6%C3%9Fer.pdf");
        }
    }

    @Test
    void a_file_that_cannot_be_read_is_named_before_anything_is_connected() throws IOException {
        try (FakeSmtp server = new FakeSmtp()) {
            assertThatThrownBy(() -> send(server, withAttachment(directory)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no file that can be read");
            assertThat(server.commands).isEmpty();
        }
    }

    @Test
    void types_are_guessed_from_names() {
        assertThat(AttachedFile.typeOf("a.PDF")).isEqualTo("application/pdf");
        assertThat(AttachedFile.typeOf("a.csv")).isEqualTo("text/csv");
        assertThat(AttachedFile.typeOf("a.png")).isEqualTo("image/png");
        assertThat(AttachedFile.typeOf("a.eml")).isEqualTo("application/octet-stream");
        assertThat(AttachedFile.typeOf("noextension")).isEqualTo("application/octet-stream");
    }

    private static OutgoingMail withAttachment(Path file) {
        return new OutgoingMail(
                "ann@mail.example", List.of("b@x.example"), "hello", "see there", List.of(file));
    }

    private Path sparse(String name, long octets) throws IOException {
        Path path = Files.createFile(directory.resolve(name));
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(octets);
        }
        return path;
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
