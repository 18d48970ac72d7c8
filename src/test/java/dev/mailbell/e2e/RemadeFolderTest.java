package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.servers.RealMailServer;
import dev.mailbell.mail.servers.RealMailbox;
import dev.mailbell.mail.servers.RealServer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server's IDLE may stay bound to a mailbox that is gone. */
class RemadeFolderTest {
    private static final Map<String, String> SETTINGS =
            Map.of(
                    "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                    "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1",
                    "MAILBELL_POLLING_IMAP_MIN", "2s",
                    "MAILBELL_POLLING_IMAP_INTERVAL", "2s");

    @TempDir private Path dataDir;

    @Test
    void what_comes_to_a_folder_made_anew_while_idle_waits_is_announced_no_later_than_by_polling()
            throws Exception {
        DaemonProcess daemon = DaemonProcess.start(dataDir, SETTINGS);
        try (Receiver receiver = new Receiver()) {
            Rest rest = daemon.rest();
            receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
            Map<String, RealMailbox> accounts = new LinkedHashMap<>();
            for (RealServer make :
                    List.of(RealServer.DOVECOT, RealServer.COURIER, RealServer.CYRUS)) {
                RealMailServer server = make.get();
                RealMailbox mail = server.freshUser();
                Map<String, Object> account =
                        new HashMap<>(
                                Rest.account(
                                        "imap",
                                        server.port(Protocol.IMAP),
                                        mail.user(),
                                        server.password()));
                account.put("mailboxes", List.of(mail.folder()));
                accounts.put(
                        rest.post("/v1/accounts", account).expect(201).path("id").stringValue(),
                        mail);
            }
            await().until(() -> receiver.count("mailbox.baseline") == accounts.size());
            for (RealMailbox mail : accounts.values()) {
                mail.recreate(mail.folder());
                mail.deliver(mail.folder(), 2, Instant.now());
            }
            for (String id : accounts.keySet()) {
                await(accounts + ": " + id)
                        .untilAsserted(() ->
                                assertThat(receiver.announced(id) + receiver.reset(id))
                                        .isEqualTo(2));
            }
            assertThat(receiver.faults()).isEmpty();
        } finally {
            daemon.close();
        }
    }
}
