package dev.mailbell.cli.mail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import dev.mailbell.mail.scripted.LoopbackServer;
import dev.mailbell.mail.scripted.TestTls;
import dev.mailbell.mail.smtp.FakeSmtp;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class MailCommandsTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String MULTIPART =
            """
            From: Ann <ann@example.org>
            Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Type: text/html

            <p>Hello <b>there</b></p>
            --b
            Content-Type: application/pdf
            Content-Disposition: attachment; filename="../../report.pdf"
            Content-Transfer-Encoding: base64

            SGVsbG8=
            --b--
            """;

    @TempDir private Path directory;
    private Path password;
    private Path ca;

    @BeforeEach
    void write() throws IOException {
        password = Files.writeString(directory.resolve("password"), Dovecot.PASSWORD + "\n");
        ca = Files.writeString(directory.resolve("ca.pem"), TestTls.caPem());
    }

    private Typed recv(Maildir mail, String input, String... words) {
        String[] arguments = new String[words.length + 5];
        arguments[0] = "127.0.0.1";
        arguments[1] = "--port=" + Dovecot.shared().pop3sPort();
        arguments[2] = "--ca=" + ca;
        arguments[3] = "--user=" + mail.user();
        arguments[4] = "--password-file=" + password;
        System.arraycopy(words, 0, arguments, 5, words.length);
        return Typed.run(RecvCommand::new, input, arguments);
    }

    private Typed send(FakeSmtp server, String input, String... words) {
        String[] arguments = new String[words.length + 4];
        arguments[0] = "--server=127.0.0.1:" + server.port();
        arguments[1] = "--security=none";
        arguments[2] = "--from=ann@example.org";
        arguments[3] = "--subject=hello";
        System.arraycopy(words, 0, arguments, 4, words.length);
        return Typed.run(SendCommand::new, input, arguments);
    }

    @Test
    void a_message_is_listed_shown_and_its_attachment_saved_in_one_shot_each() throws IOException {
        Maildir mail = Dovecot.shared().freshUser();
        mail.deliver(MULTIPART);
        mail.deliver(1);

        assertThat(recv(mail, "", "stat").text()).startsWith("2 messages, ");
        assertThat(recv(mail, "", "list").out().lines()).hasSize(2);
        assertThat(recv(mail, "", "uidl", "2").out().strip()).startsWith("2 ");
        assertThat(recv(mail, "", "top", "1", "0").out())
                .contains("Content-Type: multipart/mixed; boundary=b")
                .doesNotContain("Hello");
        Path saved = directory.resolve("saved");
        Typed shown = recv(mail, "", "--save=" + saved, "show", "1");
        assertThat(shown.code()).as(shown.text()).isZero();
        assertThat(shown.text())
                .contains("Subject: Grüße")
                .contains("Hello there")
                .contains("report.pdf");
        assertThat(saved.resolve("report.pdf")).hasContent("Hello");
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(saved.resolve("report.pdf"))))
                .isEqualTo("rw-------");
        JsonNode stat = JSON.readTree(recv(mail, "", "--json", "stat").out());
        assertThat(stat.path("messages").asInt()).isEqualTo(2);
        assertThat(mail.uids("INBOX")).hasSize(2);
    }

    @Test
    void deleting_needs_the_option_and_a_yes() {
        Maildir mail = Dovecot.shared().freshUser();
        mail.deliver(3);

        Typed without = recv(mail, "y\n", "delete", "1");
        assertThat(without.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(without.text()).contains("--delete");
        for (String answer : new String[] {"n\n", "\n", ""}) {
            Typed refused = recv(mail, answer, "--delete", "delete", "1");
            assertThat(refused.code()).isEqualTo(ExitCodes.FAILED);
            assertThat(refused.text()).contains("Message 1 stays.");
        }
        assertThat(mail.uids("INBOX")).hasSize(3);

        Typed deleted = recv(mail, "y\n", "--delete", "delete", "1");
        assertThat(deleted.code()).as(deleted.text()).isZero();
        assertThat(deleted.text()).contains("message 0").contains("1 deleted.");
        assertThat(mail.uids("INBOX")).hasSize(2);

        Typed interactive = recv(mail, "delete 1\ny\nreset\nquit\n", "--delete");
        assertThat(interactive.code()).as(interactive.text()).isZero();
        assertThat(mail.uids("INBOX")).hasSize(2);
    }

    @Test
    void interactive_commands_survive_mistakes() {
        Maildir mail = Dovecot.shared().freshUser();
        mail.deliver(1);
        Typed typed = recv(mail, "nonsense\nshow\nshow 9\nlist\nshow 1\n\nhelp\n");
        assertThat(typed.code()).as(typed.text()).isZero();
        assertThat(typed.text())
                .contains("1 message, ")
                .contains("which command?")
                .contains("it is: ")
                .contains("the server refused RETR 9")
                .contains("Subject: message 0")
                .contains("Hello.");
    }

    @Test
    void with_v_the_dialogue_is_printed_without_the_password() {
        Maildir mail = Dovecot.shared().freshUser();
        Typed typed = recv(mail, "", "-v", "stat");
        assertThat(typed.text())
                .contains("C: USER " + mail.user())
                .contains("C: PASS [redacted]")
                .contains("C: QUIT")
                .doesNotContain(Dovecot.PASSWORD);
        assertThat(typed.out()).doesNotContain("C: ");
    }

    @ParameterizedTest
    @CsvSource({
        "., fine, 0, Sent <",
        "'RCPT TO:<b@x.example>', 550 no, 8, 'REFUSED  b@x.example: 550 no'",
        "RCPT, 550 no, 1, takes none of the recipients",
        "., hang up, 9, it may have accepted it",
        "DATA, hang up, 1, was not sent",
        "greeting, hang up, 1, was not sent"
    })
    void the_exit_code_says_whether_it_was_sent(String at, String answer, int code, String text)
            throws IOException {
        try (FakeSmtp server = new FakeSmtp()) {
            server.answers.put(at, answer.equals("fine") ? "250 fine" : answer);
            Typed typed = send(server, "text\n", "-m", "-", "a@x.example", "b@x.example");
            assertThat(typed.code()).as(typed.text()).isEqualTo(code);
            assertThat(typed.text()).contains(text);
        }
    }

    @Test
    void a_body_is_utf_8_and_comes_from_a_file_or_the_standard_input() throws IOException {
        Path latin1 = Files.write(directory.resolve("latin1"), new byte[] {'a', (byte) 0xe4});
        try (FakeSmtp server = new FakeSmtp()) {
            assertThat(send(server, "", "a@x.example").text()).contains("-m FILE or -a FILE");
            Typed typed = send(server, "", "-m", latin1.toString(), "a@x.example");
            assertThat(typed.code()).isEqualTo(ExitCodes.USAGE);
            assertThat(typed.text()).contains("not UTF-8");
            assertThat(server.commands).isEmpty();
            Typed attached = send(server, "", "--json", "-a", latin1.toString(), "a@x.example");
            assertThat(attached.code()).as(attached.text()).isZero();
            assertThat(JSON.readTree(attached.out()).path("messageId").asString())
                    .endsWith("@example.org>");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--security=ssl, '--security is tls, starttls or none'",
        "--timeout=0s, --timeout is more than 0",
        "--timeout=soon, --timeout is not a duration",
        "--socks=user:secret@proxy:1080, MAILBELL_SOCKS",
        "--ca=missing.pem, missing.pem cannot be read",
        "--pin=x, must be the SHA-256",
        "--server=a:b:c, HOST:PORT",
        "--server=a:70000, port out of range"
    })
    void wrong_options_are_named(String option, String said) {
        Typed typed =
                Typed.run(
                        SendCommand::new,
                        "",
                        option.startsWith("--server") ? "-v" : "--server=127.0.0.1",
                        option,
                        "--from=a@x.example",
                        "-s=x",
                        "-m=-",
                        "b@x.example");
        assertThat(typed.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(typed.text()).contains(said).doesNotContain("secret");
    }

    @Test
    void a_probe_prints_one_json_document() {
        Maildir mail = Dovecot.shared().freshUser();
        Typed typed =
                Typed.run(
                        ProbeCommand::new,
                        Dovecot.PASSWORD + "\n",
                        "imap",
                        "127.0.0.1",
                        "--port=" + Dovecot.shared().imapsPort(),
                        "--ca=" + ca,
                        "--user=" + mail.user(),
                        "--password-file=-",
                        "--json",
                        "--watch",
                        "--for=10ms");
        assertThat(typed.code()).as(typed.text()).isZero();
        JsonNode json = JSON.readTree(typed.out());
        assertThat(json.path("report").path("proofs").path("unchanged").asString())
                .isEqualTo("status");
        assertThat(
                        json.path("report")
                                .path("registration")
                                .path("mail")
                                .path("password")
                                .asString())
                .isEqualTo("…");
        assertThat(json.path("transcript").toString()).contains("EXAMINE").contains("IDLE");
    }

    @Test
    void pop3_cannot_be_watched_and_a_password_is_no_argument() {
        Typed watched = Typed.run(ProbeCommand::new, "", "pop3", "127.0.0.1", "-u=ann", "--watch");
        assertThat(watched.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(watched.text()).contains("POP3 servers say nothing unasked");
        Typed asked = Typed.run(ProbeCommand::new, "", "pop3", "127.0.0.1", "-u=ann");
        assertThat(asked.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(asked.text()).contains("--password-file");
    }

    /** SOCKS version 5 without a login, for addresses of IPv4 alone. */
    private static void relay(Socket client) throws IOException {
        DataInputStream in = new DataInputStream(client.getInputStream());
        in.readByte();
        in.readNBytes(in.readByte());
        client.getOutputStream().write(new byte[] {5, 0});
        assertThat(in.readNBytes(4)).isEqualTo(new byte[] {5, 1, 0, 1});
        InetAddress address = InetAddress.getByAddress(in.readNBytes(4));
        try (Socket server = new Socket(address, in.readUnsignedShort())) {
            client.getOutputStream().write(new byte[] {5, 0, 0, 1, 0, 0, 0, 0, 0, 0});
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            server.getInputStream().transferTo(client.getOutputStream());
                        } catch (IOException ended) {
                            return;
                        }
                    });
            in.transferTo(server.getOutputStream());
        }
    }

    @Test
    void a_proxy_is_used_where_one_is_named() throws IOException {
        Maildir mail = Dovecot.shared().freshUser();
        mail.deliver(1);
        try (LoopbackServer proxy = new LoopbackServer("socks", MailCommandsTest::relay)) {
            Typed typed = recv(mail, "", "-v", "--socks=127.0.0.1:" + proxy.port(), "stat");
            assertThat(typed.code()).as(typed.text()).isZero();
            assertThat(typed.text())
                    .contains("connected to 127.0.0.1:" + proxy.port())
                    .contains("1 message, ");
        }
    }

    @Test
    void a_signal_ends_the_watching_and_the_login() throws IOException, InterruptedException {
        Maildir mail = Dovecot.shared().freshUser();
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "dev.mailbell.cli.Main",
                                "probe",
                                "imap",
                                "127.0.0.1",
                                "--port=" + Dovecot.shared().imapsPort(),
                                "--ca=" + ca,
                                "--user=" + mail.user(),
                                "--password-file=" + password,
                                "--timeout=10m",
                                "--watch")
                        .redirectErrorStream(true)
                        .start();
        try (BufferedReader said = process.inputReader()) {
            String line = said.readLine();
            while (line != null && !line.contains("+ idling")) {
                line = said.readLine();
            }
            assertThat(line).isNotNull();
            // As SIGINT, which a program that runs in the background ignores, and so do its
            // children.
            new ProcessBuilder("kill", "-TERM", Long.toString(process.pid())).start().waitFor();
            assertThat(String.join("\n", said.readAllLines()))
                    .contains("C: DONE")
                    .contains("LOGOUT")
                    .contains("Counted by");
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }
}
