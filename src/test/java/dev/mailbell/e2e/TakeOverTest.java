package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A polling script's state becomes the position: docs/migrate.md, with its example. */
class TakeOverTest {
    @TempDir private static Path dataDir;
    private static DaemonProcess daemon;

    @BeforeAll
    static void start() {
        daemon =
                DaemonProcess.start(
                        dataDir,
                        Map.of(
                                "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                                "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1",
                                "MAILBELL_POLLING_POP3_MIN", "1s",
                                "MAILBELL_POLLING_POP3_INTERVAL", "1s"));
    }

    @AfterAll
    static void stop() throws Exception {
        daemon.close();
    }

    @BeforeEach
    void connect() {
        rest = daemon.rest();
    }

    private Rest rest;
    private final Dovecot dovecot = Dovecot.shared();
    private final Maildir maildir = dovecot.freshUser();
    @TempDir private Path directory;

    private record Said(int exitCode, String text) {}

    /** Where a heartbeat was late on a busy machine, the daemon's answer says to try again. */
    private Said takeOver(String account, Map<String, Object> state) throws Exception {
        Path file = directory.resolve("state.json");
        Files.writeString(file, JsonMapper.shared().writeValueAsString(state));
        return await().pollDelay(Duration.ZERO)
                .until(() -> takeOver(account, file), said -> !said.text().contains("try again"));
    }

    private Said takeOver(String account, Path file) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(
                                "python3", "docs/examples/take_over.py", account, file.toString())
                        .redirectErrorStream(true);
        builder.environment()
                .putAll(
                        Map.of(
                                "MAILBELL_URL", rest.uri().toString(),
                                "MAILBELL_KEY", rest.key(),
                                "MAIL_HOST", Dovecot.HOST,
                                "MAIL_PORT", Integer.toString(dovecot.pop3Port()),
                                "MAIL_LOGIN", maildir.user(),
                                "MAIL_PASSWORD", Dovecot.PASSWORD,
                                "MAIL_CLEARTEXT", "1"));
        Process script = builder.start();
        String text = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Said(script.waitFor(), text);
    }

    private List<String> uidl() throws IOException {
        try (Socket socket = new Socket(Dovecot.HOST, dovecot.pop3Port());
                BufferedReader in =
                        new BufferedReader(
                                new InputStreamReader(
                                        socket.getInputStream(), StandardCharsets.ISO_8859_1))) {
            socket.getOutputStream()
                    .write(
                            ("USER "
                                            + maildir.user()
                                            + "\r\nPASS "
                                            + Dovecot.PASSWORD
                                            + "\r\nUIDL\r\nQUIT\r\n")
                                    .getBytes(StandardCharsets.ISO_8859_1));
            List<String> uids = new ArrayList<>();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.matches("[0-9]+ .*")) {
                    uids.add(line.substring(line.indexOf(' ') + 1));
                }
            }
            return uids;
        }
    }

    /** What the receiver gets of mail that comes after the position was set. */
    private void announcesExactly(int later, String account, Receiver receiver) {
        maildir.deliver(later);
        await().until(() -> receiver.announced(account) >= later);
        JsonNode mailbox =
                rest.get("/v1/accounts/" + account + "/mailboxes")
                        .expect(200)
                        .path("items")
                        .path(0);
        assertThat(mailbox.path("pendingCount").intValue()).isEqualTo(2 + later);
        assertThat(receiver.announced(account)).isEqualTo(later);
        assertThat(receiver.faults()).isEmpty();
    }

    @Test
    void by_imap_uidvalidity_and_the_last_uid_are_the_position() throws Exception {
        try (Receiver receiver = new Receiver()) {
            maildir.deliver(3);
            long uidValidity = maildir.status("INBOX", "uidvalidity");
            long last = maildir.uids("INBOX")[2];
            maildir.deliver(2);
            receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
            String account =
                    rest.registerAccount(
                            "imap", dovecot.imapPort(), maildir.user(), Dovecot.PASSWORD);
            await().until(() -> rest.stateOf(account).equals("watching"));

            assertThat(takeOver(account, Map.of("uidValidity", uidValidity + 1, "uid", last)))
                    .satisfies(said -> {
                        assertThat(said.exitCode()).isEqualTo(1);
                        assertThat(said.text())
                                .contains("UIDVALIDITY is " + uidValidity)
                                .doesNotContain("Traceback");
                    });
            assertThat(takeOver(account, Map.of("uidValidity", uidValidity, "uid", last)))
                    .isEqualTo(
                            new Said(
                                    0,
                                    "2 messages to fetch; Mailbell announces what comes from now"
                                            + " on\n"));
            announcesExactly(4, account, receiver);
        }
    }

    @Test
    void by_pop3_the_list_of_uids_leads_to_the_position() throws Exception {
        try (Receiver receiver = new Receiver()) {
            maildir.deliver(3);
            List<String> known = uidl();
            assertThat(known).hasSize(3);
            maildir.deliver(2);
            receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
            String account =
                    rest.registerAccount(
                            "pop3", dovecot.pop3Port(), maildir.user(), Dovecot.PASSWORD);
            await().until(() -> rest.stateOf(account).equals("watching"));

            assertThat(takeOver(account, Map.of("uidl", known.subList(1, 3))))
                    .satisfies(said -> {
                        assertThat(said.exitCode()).isEqualTo(1);
                        assertThat(said.text()).contains("lacks the first message");
                    });
            assertThat(takeOver(account, Map.of("uidl", known)).text())
                    .startsWith("2 messages to fetch");
            announcesExactly(4, account, receiver);
        }
    }
}
