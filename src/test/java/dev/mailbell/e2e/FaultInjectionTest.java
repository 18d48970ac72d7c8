package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.Ports;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import dev.mailbell.mail.scripted.ScriptedServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Faults of production: each is reported clearly and loses nothing. */
class FaultInjectionTest {
    /** The time of a check is enough for a login on a busy machine, too. */
    private static final Map<String, String> SETTINGS =
            Map.of(
                    "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                    "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1",
                    "MAILBELL_POLLING_TIMEOUT", "15s",
                    "MAILBELL_WEBHOOKS_TIMEOUT", "1s",
                    "MAILBELL_WEBHOOKS_PAUSE_FLOOR", "1s",
                    "MAILBELL_WEBHOOKS_BREAKER_OPEN_FOR", "1s",
                    "MAILBELL_WEBHOOKS_RETRY_SCHEDULE",
                            "100ms,100ms,200ms,500ms" + ",1s".repeat(40));

    @TempDir private static Path dataDir;

    private static final Dovecot DOVECOT = Dovecot.shared();
    private static DaemonProcess daemon;

    @BeforeAll
    static void start() {
        daemon = DaemonProcess.start(dataDir, SETTINGS);
    }

    @AfterAll
    static void stop() throws Exception {
        daemon.close();
    }

    private static Rest rest() {
        return daemon.rest();
    }

    private static JsonNode verify(Map<String, Object> account) {
        return rest().post("/v1/accounts/verify", account).expect(200);
    }

    private static String failureOf(Map<String, Object> account) {
        JsonNode answer = verify(account);
        assertThat(answer.path("ok").booleanValue()).describedAs("%s", answer).isFalse();
        return answer.path("failure").path("code").stringValue();
    }

    @Test
    void a_faulty_configuration_stops_the_start_with_every_fault() throws Exception {
        DaemonProcess faulty =
                DaemonProcess.start(
                        dataDir.resolve("faulty"),
                        Map.of(
                                "MAILBELL_HTTP_PORT",
                                "70000",
                                "MAILBELL_POLLING_JITTER",
                                "much",
                                "MAILBELL_HTTPPORT",
                                "1"));
        assertThat(faulty.awaitExit()).isEqualTo(2);
        assertThat(faulty.log())
                .contains(
                        "3 faults",
                        "MAILBELL_HTTP_PORT: must be 0 to 65535",
                        "MAILBELL_POLLING_JITTER")
                .contains("did you mean MAILBELL_HTTP_PORT?");
        faulty.close();
    }

    @Test
    void a_second_daemon_on_the_same_data_directory_is_refused_clearly() throws Exception {
        rest();
        DaemonProcess second = DaemonProcess.start(dataDir, SETTINGS);
        assertThat(second.awaitExit()).isEqualTo(1);
        assertThat(second.log()).contains("in use", dataDir.toString()).doesNotContain("\tat ");
        second.close();
    }

    @Test
    void a_port_that_is_taken_is_reported_before_anything_is_started() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            DaemonProcess second =
                    DaemonProcess.start(
                            dataDir.resolve("second"),
                            Map.of("MAILBELL_HTTP_PORT", Integer.toString(taken.getLocalPort())));
            assertThat(second.awaitExit()).isEqualTo(1);
            assertThat(second.log()).contains("cannot listen", "http.port").doesNotContain("\tat ");
            assertThat(dataDir.resolve("second/database")).doesNotExist();
            second.close();
        }
    }

    @Test
    void a_wrong_password_parks_the_account_and_says_so() {
        Maildir user = DOVECOT.freshUser();
        assertThat(failureOf(Rest.account("imap", DOVECOT.imapPort(), user.user(), "wrong")))
                .isEqualTo("auth_failed");
        assertThat(failureOf(Rest.account("pop3", DOVECOT.pop3Port(), user.user(), "wrong")))
                .isEqualTo("auth_failed");
        String id =
                rest().registerAccount("imap", DOVECOT.imapPort(), user.user(), "not-the-password");
        await().until(() -> rest().stateOf(id).equals("parked"));
        JsonNode failure = rest().account(id).path("failure");
        assertThat(failure.path("code").stringValue()).isEqualTo("auth_failed");
        assertThat(failure.toString()).doesNotContain("not-the-password");
        rest().send(
                        "PATCH",
                        "/v1/accounts/" + id,
                        Map.of("mail", Map.of("password", Dovecot.PASSWORD)))
                .expect(200);
        await().until(() -> rest().stateOf(id).equals("watching"));
        assertThat(daemon.log()).doesNotContain("not-the-password");
    }

    @Test
    void a_missing_mailbox_is_named_and_the_others_go_on() {
        Maildir user = DOVECOT.freshUser();
        user.create("日本語/&\"q\"");
        Map<String, Object> account =
                new HashMap<>(
                        Rest.account("imap", DOVECOT.imapPort(), user.user(), Dovecot.PASSWORD));
        account.put("mailboxes", new String[] {"INBOX", "日本語/&\"q\"", "Nowhere"});
        String id = rest().post("/v1/accounts", account).expect(201).path("id").stringValue();
        await().until(() -> rest().stateOf(id).equals("watching"));
        assertThat(rest().account(id).path("failure").path("code").stringValue())
                .isEqualTo("mailbox_missing");
        assertThat(rest().account(id).path("failure").path("message").stringValue())
                .contains("Nowhere");
        user.deliver(1);
        user.deliver("日本語/&\"q\"", Maildir.message("elsewhere"));
        assertThat(rest().check(id).path("mailboxes")).hasSize(2);
        // Push may have found them before that check.
        await().untilAsserted(
                        () -> assertThat(fed(id)).isEqualTo(Map.of("INBOX", 1, "日本語/&\"q\"", 1)));
        user.create("Nowhere");
        await().until(() -> {
            rest().check(id);
            return rest().account(id).path("failure").isNull();
        });
    }

    /** The messages of an account in the feed, by mailbox. */
    private static Map<String, Integer> fed(String account) {
        Map<String, Integer> sums = new HashMap<>();
        for (JsonNode event :
                rest().get("/v1/events?type=mail.new&accountId=" + account)
                        .expect(200)
                        .path("items")) {
            JsonNode data = event.path("data");
            sums.merge(
                    data.path("mailbox").stringValue(),
                    data.path("newCount").intValue(),
                    Integer::sum);
        }
        return sums;
    }

    @Test
    void a_host_that_does_not_exist_and_one_that_refuses_are_connect_failures() throws IOException {
        Map<String, Object> account = new HashMap<>(Rest.account("imap", 993, "ann", "secret"));
        account.put(
                "mail",
                Map.of(
                        "protocol",
                        "imap",
                        "host",
                        "mail.host.invalid",
                        "username",
                        "ann",
                        "password",
                        "secret"));
        assertThat(failureOf(account)).isEqualTo("connect_failed");
        try (Ports.Closed closed = new Ports.Closed()) {
            assertThat(failureOf(Rest.account("pop3", closed.port(), "ann", "secret")))
                    .isEqualTo("connect_failed");
            String id = rest().registerAccount("pop3", closed.port(), "ann", "secret");
            await().until(() -> rest().stateOf(id).equals("retrying"));
            assertThat(rest().account(id).path("nextCheckAt").isNull()).isFalse();
        }
    }

    @Test
    void a_server_that_accepts_and_says_nothing_ends_at_the_deadline() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            int port = silent.getLocalPort();
            // Both wait for the deadline at the same time.
            List<String> failures =
                    Stream.of("imap", "pop3")
                            .parallel()
                            .map(protocol ->
                                    failureOf(Rest.account(protocol, port, "ann", "secret")))
                            .toList();
            assertThat(failures).containsExactly("timeout", "timeout");
        }
    }

    @Test
    void a_server_that_drops_in_the_middle_of_an_answer_is_no_refusal() throws Exception {
        try (ScriptedServer server =
                ScriptedServer.playing(
                        """
                        S: +OK ready
                        C: CAPA
                        S: -ERR no
                        C: USER ann
                        ! drop
                        """)) {
            assertThat(failureOf(Rest.account("pop3", server.port(), "ann", "secret")))
                    .isEqualTo("connect_failed");
        }
    }

    @Test
    void private_addresses_and_clear_text_are_refused_unless_the_operator_allows_them() {
        Map<String, Object> account = new HashMap<>(Rest.account("imap", 143, "ann", "secret"));
        account.put(
                "mail",
                Map.of(
                        "protocol",
                        "imap",
                        "host",
                        "10.0.0.1",
                        "username",
                        "ann",
                        "password",
                        "secret"));
        assertThat(rest().post("/v1/accounts", account).status()).isEqualTo(422);
        assertThat(
                        rest().post(
                                        "/v1/webhooks",
                                        Map.of(
                                                "url",
                                                "https://[::ffff:169.254.169.254]/",
                                                "events",
                                                new String[] {"*"}))
                                .status())
                .isEqualTo(422);
    }

    @Test
    void webhooks_that_refuse_hang_or_answer_500_get_everything_in_the_end_in_order()
            throws Exception {
        Maildir user = DOVECOT.freshUser();
        CountDownLatch hang = new CountDownLatch(1);
        try (Receiver sick = new Receiver();
                Receiver well = new Receiver()) {
            sick.trust(rest().registerWebhook(sick.url()).path("secret").stringValue());
            well.trust(rest().registerWebhook(well.url()).path("secret").stringValue());
            String id =
                    rest().registerAccount(
                                    "imap", DOVECOT.imapPort(), user.user(), Dovecot.PASSWORD);
            await().until(() -> well.announced(id) == 0 && rest().stateOf(id).equals("watching"));
            sick.answer(() -> 500);
            for (int mails = 1; mails <= 3; mails++) {
                user.deliver(mails);
                rest().check(id);
            }
            await().until(() -> well.announced(id) == 6);
            assertThat(sick.announced(id)).isZero();
            sick.answer(() -> {
                try {
                    return hang.await(180, TimeUnit.SECONDS) ? 503 : 504;
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            user.deliver(4);
            rest().check(id);
            await().until(() -> well.announced(id) == 10);
            sick.answer(() -> 204);
            hang.countDown();
            await().until(() -> sick.announced(id) == 10);
            // What came while it had a backlog may be merged; the sum is exact all the same, in
            // order.
            int sum = 0;
            for (JsonNode event : sick.events()) {
                JsonNode data = event.path("data");
                if (event.path("type").stringValue().equals("mail.new")
                        && data.path("accountId").stringValue().equals(id)) {
                    sum += data.path("newCount").intValue();
                    assertThat(data.path("total").intValue()).isEqualTo(sum);
                }
            }
            assertThat(sum).isEqualTo(10);
            assertThat(sick.faults()).isEmpty();
        }
    }

    @Test
    void postgresql_that_dies_under_the_daemon_comes_back_and_nothing_is_lost() throws Exception {
        Maildir user = DOVECOT.freshUser();
        String id =
                rest().registerAccount("imap", DOVECOT.imapPort(), user.user(), Dovecot.PASSWORD);
        await().until(() -> rest().stateOf(id).equals("watching"));
        long postmaster =
                Long.parseLong(
                        Files.readAllLines(dataDir.resolve("database/postmaster.pid")).getFirst());
        ProcessHandle.of(postmaster).orElseThrow().destroyForcibly();
        // On a busy machine it may be back before it is asked for; the log has it then.
        await().pollInterval(Duration.ofMillis(20))
                .until(() ->
                        rest().get("/readyz").status() == 503
                                || daemon.log().contains("PostgreSQL has ended"));
        user.deliver(2);
        await().until(() -> rest().get("/readyz").status() == 200);
        await().until(() -> rest().post("/v1/accounts/" + id + "/check", null).status() == 200);
        await().untilAsserted(() -> assertThat(fed(id)).isEqualTo(Map.of("INBOX", 2)));
    }
}
