package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Ids;
import dev.mailbell.secret.Keyring;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** What an earlier version of the tables held is delivered by this one. */
class UpgradeTest {
    @TempDir private Path keys;

    private static UUID webhook(Database database, Keyring keyring, String url, String labels) {
        UUID id = Ids.next();
        database.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into webhook (id, client_id, url, events, labels, secret, state, created_at, updated_at)
                                values (?, ?, ?, '{*}', ?::jsonb, ?, 'enabled', now(), now())\
                                """,
                                id,
                                ClientStore.DEFAULT,
                                url,
                                labels,
                                keyring.encrypt(Signer.newSecret(), Webhook.secretContext(id))));
        return id;
    }

    private static void deferred(Database database, UUID account, int count, UUID... webhooks) {
        UUID event = Ids.next();
        database.jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            """
                            insert into event (id, client_id, account_id, type, created_at, payload)
                            values (?, ?, ?, 'mail.new', now(), ?)\
                            """,
                            event,
                            ClientStore.DEFAULT,
                            account,
                            "{\"type\":\"mail.new\",\"data\":{\"newCount\":%d}}".formatted(count));
                    handle.execute(
                            "insert into fanout (event_id, account_id, mailbox, shard, new_count, webhooks)"
                                    + " values (?, ?, 'INBOX', 1, ?, ?)",
                            event,
                            account,
                            count,
                            webhooks);
                });
    }

    @Test
    void what_version_9_deferred_reaches_the_webhooks_that_it_named_and_no_others()
            throws Exception {
        Keyring keyring = Keyring.open(keys.resolve("keyset.json"));
        UUID account = Ids.next();
        try (Database database = TestDatabase.ofVersion(9);
                RawReceiver receiver =
                        new RawReceiver(RawReceiver.saying("HTTP/1.1 204 No Content\r\n\r\n"))) {
            database.jdbi()
                    .useHandle(handle ->
                            handle.execute(
                                    """
                                    insert into account (id, client_id, shard, address, protocol, host, port, security, username,
                                        auth, credential, tls_verify, mailboxes, envelopes, labels, state, state_since, created_at,
                                        updated_at)
                                    values (?, ?, 1, 'a@example.org', 'imap', 'imap.example.org', 993, 'tls', 'a', 'password', '',
                                        true, '{INBOX}', false, '{"to": "all"}', 'watching', now(), now(), now())\
                                    """,
                                    account,
                                    ClientStore.DEFAULT));
            String url = "http://127.0.0.1:" + receiver.port();
            UUID both = webhook(database, keyring, url + "/both", "{\"to\": \"all\"}");
            UUID first = webhook(database, keyring, url + "/first", "{}");
            webhook(database, keyring, url + "/none", "{}");
            deferred(database, account, 3, both, first);
            deferred(database, account, 4, both);
            UUID gone = Ids.next();
            database.jdbi()
                    .useHandle(handle ->
                            handle.execute(
                                    "insert into fanout (event_id, account_id, mailbox, shard, new_count, webhooks)"
                                            + " values (?, ?, 'INBOX', 1, 5, ?)",
                                    gone,
                                    account,
                                    new UUID[] {both}));
            assertThat(database.migrate()).isPositive();
            try (Engine engine = new Engine(database, keys)) {
                await().until(() -> deferredRows(database) == 0);
                await().until(() ->
                        engine.webhooks.list(ClientStore.DEFAULT, null, 10).stream()
                                .flatMap(webhook -> engine.statuses(webhook).stream())
                                .allMatch("delivered"::equals));
            }
            assertThat(counts(receiver, "/both")).containsExactly(3, 4);
            assertThat(counts(receiver, "/first")).containsExactly(3);
            assertThat(counts(receiver, "/none")).isEmpty();
        }
    }

    private static int deferredRows(Database database) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select count(*) from fanout")
                                .mapTo(Integer.class)
                                .one());
    }

    private static List<Integer> counts(RawReceiver receiver, String path) {
        return receiver.requests.stream()
                .filter(request -> request.line().contains(path + " "))
                .map(request ->
                        new JsonMapper()
                                .readTree(request.body())
                                .path("data")
                                .path("newCount")
                                .asInt())
                .toList();
    }
}
