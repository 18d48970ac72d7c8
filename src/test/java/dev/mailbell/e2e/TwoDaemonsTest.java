package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.TestDatabase;
import dev.mailbell.embedded.EmbeddedPostgres;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two daemons with one database: one works, the other is refused or takes over. */
class TwoDaemonsTest {
    private static final int ANOTHER_DAEMON = 4;

    @TempDir private static Path directory;

    private static EmbeddedPostgres server;

    @BeforeAll
    static void start() {
        server = TestDatabase.privateServer(directory.resolve("server"));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** The second has the keyset of the first, as two hosts of one installation have. */
    private static DaemonProcess daemon(String name) {
        return DaemonProcess.start(
                directory.resolve(name),
                Map.ofEntries(
                        Map.entry("MAILBELL_DATABASE_URL", server.address().url()),
                        Map.entry("MAILBELL_DATABASE_USERNAME", server.address().username()),
                        Map.entry("MAILBELL_DATABASE_PASSWORD", server.address().password()),
                        Map.entry(
                                "MAILBELL_SECURITY_KEYSET",
                                directory.resolve("keyset.json").toString()),
                        Map.entry("MAILBELL_CLUSTER_NODE_NAME", name),
                        Map.entry("MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8"),
                        Map.entry("MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1"),
                        Map.entry("MAILBELL_POLLING_IMAP_MIN", "1s"),
                        Map.entry("MAILBELL_POLLING_IMAP_INTERVAL", "1s")));
    }

    /** A renewal may come late on a busy machine, and is made up for. */
    private static void isReady(DaemonProcess daemon) {
        await().untilAsserted(
                        () -> assertThat(daemon.rest().get("/readyz").status()).isEqualTo(200));
    }

    @Test
    void a_second_daemon_is_refused_by_name_and_takes_over_from_one_that_was_killed()
            throws Exception {
        DaemonProcess first = daemon("first");
        first.rest().get("/v1/accounts").expect(200);
        try (DaemonProcess second = daemon("second")) {
            assertThat(second.awaitExit()).as(second.log()).isEqualTo(ANOTHER_DAEMON);
            assertThat(second.log())
                    .contains("another Mailbell works on this database")
                    .contains("host first, process")
                    .contains("Stop that daemon")
                    .doesNotContain("\tat ");
        }
        first.rest().get("/v1/accounts").expect(200);
        isReady(first);
        first.kill();
        try (DaemonProcess third = daemon("third")) {
            // It waits only where it starts before the lease of the dead one expires.
            third.rest().get("/v1/accounts").expect(200);
            isReady(third);
        } finally {
            first.close();
        }
    }

    @Test
    void a_daemon_that_was_frozen_does_not_go_on_after_another_took_over() throws Exception {
        Dovecot dovecot = Dovecot.shared();
        Maildir maildir = dovecot.freshUser();
        DaemonProcess frozen = daemon("frozen");
        try (Receiver receiver = new Receiver()) {
            Rest rest = frozen.rest();
            receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
            String id =
                    rest.registerAccount(
                            "imap", dovecot.imapPort(), maildir.user(), Dovecot.PASSWORD);
            await().until(() -> receiver.count("mailbox.baseline") == 1);
            frozen.signal("STOP");
            maildir.deliver(1);
            try (DaemonProcess next = daemon("next")) {
                next.rest();
                await().until(() -> receiver.announced(id) == 1);
                maildir.deliver(2);
                frozen.signal("CONT");
                assertThat(frozen.awaitExit()).as(frozen.log()).isEqualTo(ANOTHER_DAEMON);
                assertThat(frozen.log())
                        .contains("host next, process", "took over the database")
                        .doesNotContain("\tat ");
                await().until(() -> receiver.announced(id) == 3);
                assertThat(receiver.faults()).isEmpty();
                isReady(next);
            }
            assertThat(receiver.announced(id)).isEqualTo(3);
        } finally {
            frozen.close();
        }
    }
}
