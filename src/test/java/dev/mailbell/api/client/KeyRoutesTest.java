package dev.mailbell.api.client;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.KeyText;
import dev.mailbell.database.TestDatabase;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class KeyRoutesTest {
    private static final TestApi API = new TestApi();
    private static final Duration DAY = Duration.ofHours(24);

    private final HttpCaller operator = API.client();
    private final String id = API.newClient();
    private final String keys = "/v1/clients/" + id + "/keys";

    @AfterAll
    static void close() {
        API.close();
    }

    @AfterEach
    void resetClock() {
        API.clock.ahead = Duration.ZERO;
    }

    static void awaitRefused(HttpCaller caller) {
        await().atMost(Duration.ofSeconds(180))
                .untilAsserted(
                        () -> assertThat(caller.get("/v1/accounts").statusCode()).isEqualTo(401));
    }

    private static int status(String key) {
        return API.withKey(key).get("/v1/accounts").statusCode();
    }

    private static String text(JsonNode key) {
        return key.required("key").stringValue();
    }

    private String path(JsonNode key) {
        return keys + "/" + key.required("id").stringValue();
    }

    private JsonNode only() {
        JsonNode items = json(operator.get(keys)).required("items");
        assertThat(items.size()).isEqualTo(1);
        return items.get(0);
    }

    @Test
    void a_key_is_shown_once_and_stored_as_a_hash() {
        HttpResponse<String> created =
                operator.post(keys, "{\"name\": \"web\", \"scopes\": [\"read\", \"write\"]}");
        assertThat(created.statusCode()).isEqualTo(201);
        String text = text(json(created));
        assertThat(KeyText.parse(text)).isPresent();
        JsonNode shown = only();
        assertThat(shown.has("key")).isFalse();
        assertThat(shown.required("prefix").stringValue()).isEqualTo(text.substring(0, 10));
        assertThat(shown.required("scopes").toString())
                .isEqualTo(
                        "[\"accounts:read\",\"accounts:write\",\"accounts:credentials\","
                                + "\"webhooks:read\",\"webhooks:write\",\"events:read\"]");
        assertThat(status(text)).isEqualTo(200);
        String rows =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery("select string_agg(k::text, ' ') from api_key k")
                                        .mapTo(String.class)
                                        .one());
        assertThat(rows).contains(id).doesNotContain(text.substring(10));
    }

    @Test
    void a_key_sees_its_client_alone() {
        HttpCaller mine = API.callerOf(id, "read", "write");
        HttpCaller others = API.callerOf(API.newClient(), "read", "write");
        String account = TestApi.idOf(mine.post("/v1/accounts", TestApi.imap("mine")));
        assertThat(mine.get("/v1/accounts/" + account).statusCode()).isEqualTo(200);
        assertThat(others.get("/v1/accounts/" + account).statusCode()).isEqualTo(404);
        assertThat(others.get("/v1/accounts").body()).doesNotContain(account);
        assertThat(mine.with("Mailbell-Client", id).get("/v1/accounts").statusCode())
                .isEqualTo(200);
        for (String other : List.of(API.newClient(), UUID.randomUUID().toString())) {
            HttpResponse<String> refused = mine.with("Mailbell-Client", other).get("/v1/accounts");
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(json(refused).required("scope").stringValue()).isEqualTo("admin");
        }
    }

    @Test
    void a_key_without_a_scope_is_refused_and_the_scope_is_named() {
        HttpCaller reader = API.callerOf(id, "accounts:read");
        assertThat(reader.get("/v1/accounts").statusCode()).isEqualTo(200);
        HttpResponse<String> refused = reader.post("/v1/accounts", TestApi.imap("x"));
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body())
                .contains("urn:mailbell:problem:missing-scope", "accounts:credentials");
    }

    @Test
    void changes_of_a_login_take_the_scope_of_credentials() {
        String account =
                TestApi.idOf(
                        API.callerOf(id, "write").post("/v1/accounts", TestApi.imap("changed")));
        HttpCaller writer = API.callerOf(id, "accounts:write");
        String path = "/v1/accounts/" + account;
        assertThat(writer.patch(path, "{\"labels\": {\"a\": \"b\"}}").statusCode()).isEqualTo(200);
        HttpResponse<String> refused = writer.patch(path, "{\"mail\": {\"password\": \"other\"}}");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(json(refused).required("scope").stringValue()).isEqualTo("accounts:credentials");
    }

    @Test
    void invalid_keys_are_refused_with_all_errors() {
        Map<String, String> faults =
                faults(
                        operator.post(
                                keys,
                                "{\"name\": \"\", \"scopes\": [\"admin\", \"x\"], \"expiresAt\": \"2020-01-01T00:00:00Z\", \"key\": \"mine\"}"));
        assertThat(faults).containsOnlyKeys("name", "scopes", "expiresAt", "key");
        assertThat(faults(operator.post(keys, "{\"name\": \"k\", \"scopes\": []}")))
                .containsOnlyKeys("scopes");
        assertThat(
                        operator.post(
                                        "/v1/clients/" + UUID.randomUUID() + "/keys",
                                        "{\"name\": \"k\", \"scopes\": [\"read\"]}")
                                .statusCode())
                .isEqualTo(404);
    }

    @Test
    void an_expired_key_is_refused() {
        Instant end = Instant.now().plusSeconds(3600);
        String text =
                text(
                        json(
                                operator.post(
                                        keys,
                                        "{\"name\": \"short\", \"scopes\": [\"read\"], \"expiresAt\": \"%s\"}"
                                                .formatted(end))));
        assertThat(status(text)).isEqualTo(200);
        API.clock.ahead = Duration.ofSeconds(3601);
        HttpResponse<String> refused = API.withKey(text).get("/v1/accounts");
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.body())
                .isEqualTo(API.withKey(KeyText.random().reveal()).get("/v1/accounts").body())
                .contains("not known, has expired or was revoked");
    }

    @Test
    void a_revoked_key_is_refused_at_once() {
        JsonNode key = API.newKey(id, "read");
        assertThat(status(text(key))).isEqualTo(200);
        assertThat(operator.delete(path(key)).statusCode()).isEqualTo(204);
        assertThat(status(text(key))).isEqualTo(401);
        assertThat(operator.delete(path(key)).statusCode()).isEqualTo(404);
        assertThat(operator.post(path(key) + "/rotate", "{}").statusCode()).isEqualTo(404);
    }

    @Test
    void a_key_that_is_revoked_elsewhere_is_refused_within_seconds() {
        JsonNode key = API.newKey(id, "read");
        HttpCaller caller = API.withKey(text(key));
        assertThat(caller.get("/v1/accounts").statusCode()).isEqualTo(200);
        new ApiKeyStore(API.database.jdbi())
                .delete(UUID.fromString(id), UUID.fromString(key.required("id").stringValue()));
        awaitRefused(caller);
    }

    @Test
    void a_rotation_that_is_repeated_does_not_end_the_text_in_use() {
        JsonNode key = API.newKey(id, "read");
        HttpCaller repeating =
                operator.with("Idempotency-Key", "rotation-of-" + text(key).substring(4, 12));
        JsonNode first = json(repeating.post(path(key) + "/rotate", "{}"));
        JsonNode second = json(repeating.post(path(key) + "/rotate", "{}"));
        assertThat(text(second)).isEqualTo(text(first));
        assertThat(status(text(key))).isEqualTo(200);
        assertThat(status(text(first))).isEqualTo(200);
    }

    @Test
    void a_rotated_key_has_two_texts_for_a_day_and_then_one() {
        JsonNode key = API.newKey(id, "read");
        JsonNode rotated = json(operator.post(path(key) + "/rotate", "{}"));
        assertThat(rotated.required("id")).isEqualTo(key.required("id"));
        assertThat(Instant.parse(rotated.required("previousUntil").stringValue()))
                .isBetween(
                        Instant.now().plus(DAY).minusSeconds(60),
                        Instant.now().plus(DAY).plusSeconds(60));
        assertThat(status(text(key))).isEqualTo(200);
        assertThat(status(text(rotated))).isEqualTo(200);
        API.clock.ahead = DAY.plusSeconds(1);
        assertThat(status(text(key))).isEqualTo(401);
        assertThat(status(text(rotated))).isEqualTo(200);
        assertThat(only().required("previousUntil").isNull()).isTrue();
    }

    @Test
    void a_second_rotation_ends_the_first_text() {
        JsonNode key = API.newKey(id, "read");
        JsonNode second = json(operator.post(path(key) + "/rotate", "{}"));
        // The validator of requests wants a body, also where it is optional.
        JsonNode third = json(operator.exchange("POST", path(key) + "/rotate", ""));
        assertThat(status(text(key))).isEqualTo(401);
        assertThat(status(text(second))).isEqualTo(200);
        assertThat(status(text(third))).isEqualTo(200);
        operator.delete(path(key));
        assertThat(status(text(second))).isEqualTo(401);
        assertThat(status(text(third))).isEqualTo(401);
    }

    @Test
    void a_rotation_prolongs_the_new_text_alone() {
        Instant soon = Instant.now().plusSeconds(3600);
        JsonNode key =
                json(
                        operator.post(
                                keys,
                                "{\"name\": \"k\", \"scopes\": [\"read\"], \"expiresAt\": \"%s\"}"
                                        .formatted(soon)));
        JsonNode rotated =
                json(
                        operator.post(
                                path(key) + "/rotate",
                                "{\"expiresAt\": \"%s\"}".formatted(soon.plusSeconds(3600))));
        API.clock.ahead = Duration.ofSeconds(3601);
        assertThat(status(text(key))).isEqualTo(401);
        assertThat(status(text(rotated))).isEqualTo(200);
        API.clock.ahead = Duration.ofSeconds(7201);
        assertThat(status(text(rotated))).isEqualTo(401);
        assertThat(operator.post(path(key) + "/rotate", "{}").statusCode()).isEqualTo(409);
    }

    @Test
    void a_rotation_keeps_the_expiry_that_another_one_sets_at_the_same_time() {
        JsonNode key = API.newKey(id, "read");
        Instant expiry = Instant.now().plusSeconds(3600).truncatedTo(ChronoUnit.MILLIS);
        CompletableFuture<JsonNode> begun =
                API.database
                        .jdbi()
                        .inTransaction(handle -> {
                            handle.execute(
                                    "update api_key set expires_at = ? where id = ?::uuid",
                                    expiry.atOffset(ZoneOffset.UTC),
                                    key.required("id").stringValue());
                            var rotation =
                                    CompletableFuture.supplyAsync(
                                            () -> json(operator.post(path(key) + "/rotate", "{}")));
                            await().until(() ->
                                    TestDatabase.waitingForLocks(API.database.jdbi()) == 1);
                            return rotation;
                        });
        JsonNode rotated = begun.join();
        assertThat(Instant.parse(rotated.required("expiresAt").stringValue())).isEqualTo(expiry);
        API.clock.ahead = Duration.ofSeconds(3601);
        assertThat(status(text(rotated))).isEqualTo(401);
    }

    @Test
    void a_client_has_at_most_a_hundred_keys() {
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into api_key (id, client_id, name, scopes, prefix, hash, created_at)
                                select gen_random_uuid(), ?::uuid, 'k', '{}', 'mbk_', sha256(gen_random_uuid()::text::bytea), now()
                                from generate_series(1, 99)\
                                """,
                                id));
        API.newKey(id, "read");
        HttpResponse<String> refused =
                operator.post(keys, "{\"name\": \"k\", \"scopes\": [\"read\"]}");
        assertThat(refused.statusCode()).isEqualTo(422);
        assertThat(refused.body()).contains("too-many-keys");
    }
}
