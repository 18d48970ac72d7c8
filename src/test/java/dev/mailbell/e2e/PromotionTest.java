package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.embedded.ReplicatedServers;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import dev.mailbell.mail.scripted.CountingProxy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The database fails over under a daemon that works: its address leads to a standby, which is
 * promoted some time later.
 */
class PromotionTest {
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final String READ_ONLY = "the database only reads";

    /** One that waited for the pool's 5 s each would not be through in {@link #PATIENCE}. */
    private static final int REFUSED = 20;

    private static final int ACCOUNTS = 6;

    @TempDir private Path directory;

    private DaemonProcess daemon(CountingProxy way, DatabaseAddress address) {
        return DaemonProcess.start(
                directory.resolve("daemon"),
                Map.of(
                        "MAILBELL_DATABASE_URL",
                        "jdbc:postgresql://127.0.0.1:" + way.port() + "/mailbell",
                        "MAILBELL_DATABASE_USERNAME",
                        address.username(),
                        "MAILBELL_DATABASE_PASSWORD",
                        address.password(),
                        "MAILBELL_NETWORK_ALLOW_PRIVATE",
                        "127.0.0.0/8",
                        "MAILBELL_NETWORK_ALLOW_CLEARTEXT",
                        "127.0.0.1",
                        "MAILBELL_POLLING_IMAP_MIN",
                        "1s",
                        "MAILBELL_POLLING_IMAP_INTERVAL",
                        "1s"));
    }

    private static Rest.Answer register(Rest rest, String name) {
        return rest.post("/v1/accounts", Rest.account("imap", 1, name, "unused"));
    }

    @Test
    void
            writes_are_refused_with_the_reason_until_the_standby_is_promoted_and_nothing_is_lost_or_announced_twice()
                    throws Exception {
        Maildir maildir = Dovecot.shared().freshUser();
        try (ReplicatedServers servers = ReplicatedServers.start(directory);
                CountingProxy way =
                        new CountingProxy(ReplicatedServers.port(servers.primary().address()));
                Receiver receiver = new Receiver();
                DaemonProcess daemon = daemon(way, servers.primary().address())) {
            Rest rest = daemon.rest();
            receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
            String id =
                    rest.registerAccount(
                            "imap", Dovecot.shared().imapPort(), maildir.user(), Dovecot.PASSWORD);
            await().until(() -> receiver.count("mailbox.baseline") == 1);
            maildir.deliver(1);
            await().until(() -> receiver.announced(id) == 1);

            way.leadTo(ReplicatedServers.port(servers.standby().address()));
            servers.primary().close();
            await().untilAsserted(() ->
                    assertThat(register(rest, "early").body().toString()).contains(READ_ONLY));
            long begun = System.nanoTime();
            for (int i = 0; i < REFUSED; i++) {
                Rest.Answer refused = register(rest, "meanwhile-" + i);
                assertThat(refused.status()).isEqualTo(503);
                assertThat(refused.body().path("detail").stringValue()).contains(READ_ONLY);
            }
            assertThat(System.nanoTime() - begun).isLessThan(PATIENCE.toNanos());
            Rest.Answer notReady = rest.get("/readyz");
            assertThat(notReady.status()).isEqualTo(503);
            assertThat(notReady.body().toString()).contains(READ_ONLY);
            maildir.deliver(2);

            servers.promote();
            await().until(() -> rest.get("/readyz").status() == 200);
            assertThat(register(rest, "after").status()).isEqualTo(201);
            await().until(() -> receiver.announced(id) == 3);
            maildir.deliver(1);
            await().until(() -> receiver.announced(id) == 4);
            assertThat(receiver.count("mailbox.baseline")).isEqualTo(1);
            assertThat(receiver.count("mailbox.reset")).isZero();
            assertThat(receiver.faults()).isEmpty();
            Feed feed = new Feed(rest);
            feed.awaitAll();
            assertThat(feed.announced(id)).isEqualTo(4);
            assertThat(daemon.log()).doesNotContain("\tat dev.mailbell");
        }
    }

    /** The address of the nodes' database names both servers. */
    private DaemonProcess node(String name, DatabaseAddress primary, DatabaseAddress standby) {
        return DaemonProcess.start(
                directory.resolve(name),
                Map.of(
                        "MAILBELL_DATABASE_URL",
                        "jdbc:postgresql://127.0.0.1:%d,127.0.0.1:%d/mailbell?targetServerType=primary"
                                .formatted(
                                        ReplicatedServers.port(primary),
                                        ReplicatedServers.port(standby)),
                        "MAILBELL_DATABASE_USERNAME",
                        primary.username(),
                        "MAILBELL_DATABASE_PASSWORD",
                        primary.password(),
                        "MAILBELL_DATABASE_POOL",
                        "4",
                        "MAILBELL_SECURITY_KEYSET",
                        directory.resolve("keyset.json").toString(),
                        "MAILBELL_CLUSTER_NODE_NAME",
                        name,
                        "MAILBELL_NETWORK_ALLOW_PRIVATE",
                        "127.0.0.0/8",
                        "MAILBELL_NETWORK_ALLOW_CLEARTEXT",
                        "127.0.0.1",
                        "MAILBELL_POLLING_IMAP_MIN",
                        "1s"));
    }

    @Test
    void two_nodes_follow_the_primary_and_count_each_message_once() throws Exception {
        Dovecot dovecot = Dovecot.shared();
        List<Maildir> maildirs = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        try (ReplicatedServers servers = ReplicatedServers.start(directory);
                Receiver receiver = new Receiver();
                DaemonProcess one =
                        node("one", servers.primary().address(), servers.standby().address())) {
            Rest rest = one.rest();
            receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
            for (int i = 0; i < ACCOUNTS; i++) {
                Maildir maildir = dovecot.freshUser();
                maildirs.add(maildir);
                ids.add(
                        rest.registerAccount(
                                "imap", dovecot.imapPort(), maildir.user(), Dovecot.PASSWORD));
            }
            await().until(() -> receiver.count("mailbox.baseline") == ACCOUNTS);
            try (DaemonProcess two =
                    node("two", servers.primary().address(), servers.standby().address())) {
                await().until(() -> ownedBy(two.rest(), "two") > 0);
                deliver(maildirs);
                awaitAnnounced(receiver, ids, 1);

                servers.primary().close();
                deliver(maildirs);
                servers.promote();
                for (Rest node : List.of(one.rest(), two.rest())) {
                    await().until(() -> node.get("/readyz").status() == 200);
                }
                awaitAnnounced(receiver, ids, 2);
                deliver(maildirs);
                awaitAnnounced(receiver, ids, 3);
                Feed feed = new Feed(two.rest());
                feed.awaitAll();
                assertThat(ids).allSatisfy(id -> assertThat(feed.announced(id)).isEqualTo(3));
                assertThat(receiver.faults()).isEmpty();
                assertThat(one.log() + two.log()).doesNotContain("\tat dev.mailbell");
            }
        }
    }

    private static int ownedBy(Rest rest, String name) {
        for (JsonNode node : rest.get("/v1/stats").expect(200).path("nodes")) {
            if (node.path("name").stringValue().equals(name)) {
                return node.path("shards").intValue();
            }
        }
        return 0;
    }

    private static void deliver(List<Maildir> maildirs) throws IOException {
        for (Maildir maildir : maildirs) {
            maildir.deliver(1);
        }
    }

    private static void awaitAnnounced(Receiver receiver, List<String> ids, int each) {
        await().untilAsserted(() ->
                assertThat(ids)
                        .allSatisfy(id -> assertThat(receiver.announced(id)).isEqualTo(each)));
    }
}
