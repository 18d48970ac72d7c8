package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import dev.mailbell.Daemon;
import dev.mailbell.Patience;
import dev.mailbell.client.ClientStore;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.reload.LiveConfiguration;
import dev.mailbell.config.reload.Reload;
import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.mail.servers.TestGreenMail;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A daemon mails itself, and its operator learns that a client's webhook fails. */
class HealthTest {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final String HOST = "127.0.0.1";

    @TempDir private Path dataDir;

    private final Secret secret = Signer.newSecret();

    @BeforeAll
    static void expectGreenMail() {
        Patience.withGreenMail();
    }

    private Path configure(DatabaseAddress address, String operatorUrl, String canary)
            throws IOException {
        return Files.writeString(
                dataDir.resolve("mailbell.yaml"),
                """
                dataDir: %s
                http: { port: 0 }
                database: { url: "%s", username: "%s", password: "%s" }
                network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
                operator: { webhook: { url: "%s", secret: "%s" } }
                canary: %s
                """
                        .formatted(
                                dataDir,
                                address.url(),
                                address.username(),
                                address.password(),
                                operatorUrl,
                                secret.reveal(),
                                canary));
    }

    private static Map<String, Object> withEnvelopes(int port) {
        Map<String, Object> account =
                new HashMap<>(Rest.account("imap", port, "canary@example.org", "hush"));
        account.put("watch", Map.of("envelopes", true));
        return account;
    }

    private static String metrics(Daemon daemon) throws IOException {
        try (InputStream in = daemon.uri().resolve("/metrics").toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void a_mail_of_the_canary_is_announced_and_a_webhook_that_fails_reaches_the_operator()
            throws Exception {
        GreenMail mail = TestGreenMail.of(ServerSetup.PROTOCOL_SMTP, ServerSetup.PROTOCOL_IMAP);
        mail.start();
        mail.setUser("canary@example.org", "canary@example.org", "hush");
        DatabaseAddress address = TestDatabase.empty();
        try (Receiver operator = new Receiver();
                Receiver client = new Receiver()) {
            operator.trust(secret.reveal());
            client.answer(() -> 500);
            Path file = configure(address, operator.url(), "off");
            LiveConfiguration live =
                    LiveConfiguration.open(new ConfigurationLoader(dataDir, Map.of()), file);
            try (Daemon daemon = Daemon.start(live, DaemonProcess.KEY)) {
                Rest rest = new Rest(daemon.uri(), DaemonProcess.KEY);
                String account =
                        rest.post("/v1/accounts", withEnvelopes(mail.getImap().getPort()))
                                .expect(201)
                                .path("id")
                                .stringValue();
                await().atMost(PATIENCE).until(() -> rest.stateOf(account).equals("watching"));
                rest.post("/v1/webhooks", Map.of("url", client.url(), "events", new String[] {"*"}))
                        .expect(201);
                configure(
                        address,
                        operator.url(),
                        "{ account: %s, from: canary@example.org, interval: 10m, smtp: { host: 127.0.0.1, port: %d, security: none } }"
                                .formatted(account, mail.getSmtp().getPort()));
                assertThat(live.reload(Reload.Trigger.REQUEST).needsRestart()).isEmpty();
                await().atMost(PATIENCE)
                        .until(() ->
                                metrics(daemon).contains("mailbell_canary_way_seconds_count 1"));
                assertThat(mail.getReceivedMessages()).hasSize(1);
                assertThat(mail.getReceivedMessages()[0].getSubject())
                        .startsWith("Mailbell canary ");
                // Its mail.new cannot be delivered to the client.
                await().atMost(PATIENCE).until(() -> operator.count("webhook.failing") == 1);
                JsonNode failing =
                        operator.events().stream()
                                .filter(event ->
                                        event.path("type").stringValue().equals("webhook.failing"))
                                .findFirst()
                                .orElseThrow()
                                .required("data");
                assertThat(failing.required("clientId").stringValue())
                        .isEqualTo(ClientStore.DEFAULT.toString());
                assertThat(operator.faults()).isEmpty();
                rest.awaitReady();
            }
        } finally {
            mail.stop();
        }
    }
}
