package dev.mailbell.api.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.client.ClientStore;
import dev.mailbell.event.EventPayloads;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ErasureRouteTest {
    private static final TestApi API = new TestApi();

    @AfterAll
    static void close() {
        API.close();
    }

    private static long count(String query, Object... values) {
        return API.database
                .jdbi()
                .withHandle(handle -> {
                    var statement = handle.createQuery(query);
                    for (int i = 0; i < values.length; i++) {
                        statement.bind(i, values[i]);
                    }
                    return statement.mapTo(Long.class).one();
                });
    }

    /** More than a transaction deletes, and more than a request waits for. */
    private static void deliveries(UUID account, UUID webhook, UUID client, int count) {
        API.database
                .jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            """
                            insert into delivery (id, webhook_id, event_id, account_id, shard, status, next_attempt_at, created_at,
                                completed_at)
                            select gen_random_uuid(), ?, gen_random_uuid(), ?, 0, case n % 2 when 0 then 'pending' else 'delivered' end,
                                now(), now(), case n % 2 when 1 then now() end from generate_series(1, ?) n\
                            """,
                            webhook, account, count);
                    handle.execute(
                            """
                            insert into attempt (delivery_id, number, at, duration_ms) select id, 1, now(), 1 from delivery
                            where account_id = ?\
                            """,
                            account);
                    handle.execute(
                            """
                            insert into event (id, client_id, account_id, type, created_at, payload)
                            select gen_random_uuid(), ?, ?, 'mail.new', now(), '{}' from generate_series(1, ?) n\
                            """,
                            client,
                            account,
                            count);
                });
    }

    @Test
    void the_removal_of_an_account_with_many_deliveries_is_completed_in_the_background() {
        String client = API.newClient();
        HttpCaller caller = API.client().with("Mailbell-Client", client);
        UUID account =
                UUID.fromString(TestApi.idOf(caller.post("/v1/accounts", TestApi.imap("a"))));
        deliveries(account, UUID.randomUUID(), UUID.fromString(client), 30_000);
        // What the request leaves stays until it is counted.
        API.erases = false;
        try {
            assertThat(caller.delete("/v1/accounts/" + account).statusCode()).isEqualTo(204);
            assertThat(
                            count(
                                    "select count(*) from delivery where account_id = ? and status = 'pending'",
                                    account))
                    .isZero();
            assertThat(count("select count(*) from event where account_id = ?", account))
                    .isPositive();
        } finally {
            API.erases = true;
        }
        await().untilAsserted(() ->
                assertThat(
                                count(
                                        """
                                        select (select count(*) from event where account_id = :a)
                                            + (select count(*) from delivery where account_id = :a)
                                            + (select count(*) from removed_account where id = :a)\
                                        """
                                                .replace(":a", "'" + account + "'")))
                        .isZero());
        assertThat(
                        count(
                                "select count(*) from attempt a where not exists"
                                        + " (select from delivery d where d.id = a.delivery_id)"))
                .isZero();
    }

    /** Events about webhooks of clients, which the operator's webhook gets. */
    private static UUID operatorHasCopiesAbout(String... clients) {
        UUID webhook = UUID.randomUUID();
        API.database
                .jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            """
                            insert into webhook (id, client_id, url, events, labels, secret, state, created_at, updated_at)
                            values (?, ?, 'https://example.org/', '{*}', '{}', decode('00', 'hex'), 'enabled', now(), now())\
                            """,
                            webhook,
                            ClientStore.OPERATOR);
                    for (String client : clients) {
                        handle.execute(
                                """
                                with copy as (
                                    insert into event (id, client_id, type, created_at, payload)
                                    values (gen_random_uuid(), ?, 'webhook.failing', now(), ?) returning id)
                                insert into delivery (id, webhook_id, event_id, shard, status, next_attempt_at, created_at, completed_at)
                                select gen_random_uuid(), ?, id, 0, 'delivered', now(), now(), now() from copy\
                                """,
                                ClientStore.OPERATOR,
                                EventPayloads.forOperator(
                                        "{\"data\":{\"lastError\":\"\\u0000 \\\"clientId\\\":\\\"\"}}",
                                        UUID.fromString(client)),
                                webhook);
                    }
                });
        return webhook;
    }

    @Test
    void a_client_is_refused_at_once_and_gone_soon() {
        String client = API.newClient();
        HttpCaller caller = API.callerOf(client, "read", "write");
        String account = TestApi.idOf(caller.post("/v1/accounts", TestApi.imap("a")));
        String webhook =
                TestApi.idOf(
                        caller.post(
                                "/v1/webhooks",
                                "{\"url\": \"https://example.org/\", \"events\": [\"*\"]}"));
        deliveries(
                UUID.fromString(account),
                UUID.fromString(webhook),
                UUID.fromString(client),
                12_000);
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into webhook_activity (webhook_id, at, attempts, delivered, total_ms, longest_ms, by_duration)
                                select ?::uuid, now() - n * interval '10 minutes', 1, 1, 1, 1, '{1}' from generate_series(1, 6000) n\
                                """,
                                webhook));
        UUID operators = operatorHasCopiesAbout(client, ClientStore.DEFAULT.toString());
        String path = "/v1/clients/" + client;
        API.client().post(path + "/portal-links", "{}");
        assertThat(API.client().delete(path).statusCode()).isEqualTo(202);
        assertThat(count("select count(*) from portal_link where client_id = ?::uuid", client))
                .isZero();
        assertThat(caller.get("/v1/accounts").statusCode()).isEqualTo(401);
        assertThat(API.watch.watched).doesNotContainKey(UUID.fromString(account));
        assertThat(API.changedWebhooks).contains(UUID.fromString(webhook));
        API.clock.ahead = java.time.Duration.ofMinutes(1);
        await().untilAsserted(() -> assertThat(API.client().get(path).statusCode()).isEqualTo(404));
        assertThat(count("select count(*) from delivery where webhook_id = ?::uuid", webhook))
                .isZero();
        assertThat(
                        count(
                                "select count(*) from webhook_activity where webhook_id = ?::uuid",
                                webhook))
                .isZero();
        assertThat(count("select count(*) from event where client_id = ?::uuid", client)).isZero();
        assertThat(count("select count(*) from event where payload like ?", "%" + client + "%"))
                .isZero();
        assertThat(count("select count(*) from delivery where webhook_id = ?", operators))
                .as("the one about another client")
                .isOne();
        assertThat(
                        count(
                                "select count(*) from event e join delivery d on d.event_id = e.id where d.webhook_id = ?",
                                operators))
                .isOne();
        assertThat(count("select count(*) from audit where client_id = ?::uuid", client))
                .isPositive();
        assertThat(
                        count(
                                "select count(*) from audit where client_id = ?::uuid and key_id <> 'operator'",
                                client))
                .isZero();
        assertThat(API.client().delete(path).statusCode()).isEqualTo(404);
    }

    @Test
    void the_default_client_and_unknown_ones_cannot_be_erased() {
        assertThat(API.client().delete("/v1/clients/" + ClientStore.DEFAULT).statusCode())
                .isEqualTo(409);
        assertThat(API.client().delete("/v1/clients/" + UUID.randomUUID()).statusCode())
                .isEqualTo(404);
        assertThat(API.client().delete("/v1/clients/x").statusCode()).isEqualTo(404);
    }
}
