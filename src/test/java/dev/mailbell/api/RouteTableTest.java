package dev.mailbell.api;

import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.client.KeyText;
import dev.mailbell.client.Scope;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.watch.AnnouncedEvents;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Every operation of openapi.yaml with every kind of key that must not get in. A new operation is
 * in it by itself; one with a new kind of resource fails until {@link #PATHS} and {@link #BODIES}
 * have what it needs.
 */
class RouteTableTest {
    private static final TestApi API = new TestApi();
    private static final List<String> METHODS = List.of("get", "post", "put", "patch", "delete");

    /** The bodies of operations that read one before they look for the resource of their path. */
    private static final Map<String, String> BODIES =
            Map.of(
                    "PUT /v1/accounts/{id}/mailboxes/{name}/position", "{\"maxId\": 0}",
                    "PATCH /v1/accounts/{id}", "{\"labels\": {\"taken\": \"over\"}}",
                    "PATCH /v1/oauth-apps/{id}", "{\"name\": \"taken over\"}",
                    "PATCH /v1/webhooks/{id}", "{\"description\": \"taken over\"}",
                    "POST /v1/webhooks/{id}/recover", "{\"since\": \"2026-11-20T00:00:00Z\"}",
                    "PATCH /v1/clients/{id}", "{\"name\": \"taken over\"}");

    /** The first client's resources, by the beginnings of paths. */
    private static final Map<String, String> PATHS = new LinkedHashMap<>();

    private static String first;
    private static String second;
    private static HttpCaller ofFirst;
    private static final Map<String, String> REFUSED = new LinkedHashMap<>();

    @BeforeAll
    static void makeTwoClients() {
        first = API.newClient();
        second = API.newClient();
        ofFirst = API.callerOf(first, "read", "write");
        String account = idOf(ofFirst.post("/v1/accounts", imap("first")));
        String webhook =
                idOf(
                        ofFirst.post(
                                "/v1/webhooks",
                                "{\"url\": \"https://example.org/\", \"events\": [\"*\"]}"));
        PATHS.put("/v1/accounts/{id}", "/v1/accounts/" + account);
        PATHS.put("/v1/webhooks/{id}", "/v1/webhooks/" + webhook);
        PATHS.put("/v1/deliveries/{id}", "/v1/deliveries/" + delivery(webhook));
        PATHS.put(
                "/v1/oauth-apps/{id}",
                "/v1/oauth-apps/"
                        + idOf(
                                ofFirst.post(
                                        "/v1/oauth-apps",
                                        "{\"provider\": \"google\", \"clientId\": \"c1\", \"clientSecret\": \"s3cret-of-app\"}")));
        PATHS.put(
                "/v1/clients/{id}/keys/{keyId}",
                "/v1/clients/" + first + "/keys/" + idOf(API.newKey(first, "read")));
        PATHS.put(
                "/v1/clients/{id}/portal-links/{linkId}",
                "/v1/clients/"
                        + first
                        + "/portal-links/"
                        + idOf(API.client().post("/v1/clients/" + first + "/portal-links", "{}")));
        PATHS.put("/v1/clients/{id}", "/v1/clients/" + first);
        happened(UUID.fromString(account));
        refusedKeys();
    }

    private static void happened(UUID account) {
        UUID owner = UUID.fromString(first);
        API.database
                .jdbi()
                .useTransaction(handle ->
                        EventStore.insert(
                                        AnnouncedEvents.of(EventType.MAIL_NEW, owner, account)
                                                .getFirst())
                                .update(handle.getConnection()));
        API.awaitFeed();
    }

    private static String idOf(JsonNode node) {
        return node.required("id").stringValue();
    }

    private static String idOf(HttpResponse<String> response) {
        return TestApi.idOf(response);
    }

    private static UUID delivery(String webhook) {
        UUID id = UUID.randomUUID();
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into delivery (id, webhook_id, event_id, shard, status, next_attempt_at, created_at, completed_at)
                                values (?, ?::uuid, ?, 0, 'failed', now(), now(), now())\
                                """,
                                id,
                                webhook,
                                UUID.randomUUID()));
        return id;
    }

    /** Keys of the second client that are not valid, and texts that are no keys. */
    private static void refusedKeys() {
        REFUSED.put("no key", "");
        REFUSED.put("another scheme", "Basic " + API.newKey(second, "read").required("key"));
        REFUSED.put("a malformed key", "Bearer mbk_nonsense");
        String good = API.newKey(second, "read", "write").required("key").stringValue();
        char last = good.charAt(good.length() - 2);
        REFUSED.put(
                "a mistyped key",
                "Bearer "
                        + good.substring(0, good.length() - 2)
                        + (last == 'A' ? 'B' : 'A')
                        + good.charAt(good.length() - 1));
        REFUSED.put("a wrong key", "Bearer " + KeyText.random().reveal());
        JsonNode expired =
                json(
                        API.client()
                                .post(
                                        "/v1/clients/" + second + "/keys",
                                        "{\"name\": \"expired\", \"scopes\": [\"read\", \"write\"], \"expiresAt\": \"%s\"}"
                                                .formatted(Instant.now().plusSeconds(60))));
        REFUSED.put("an expired key", "Bearer " + expired.required("key").stringValue());
        API.clock.ahead = Duration.ofSeconds(61);
        JsonNode revoked = API.newKey(second, "read", "write");
        API.client().delete("/v1/clients/" + second + "/keys/" + idOf(revoked));
        REFUSED.put("a revoked key", "Bearer " + revoked.required("key").stringValue());
    }

    /** The first client still has all that was not for others to change. */
    @AfterAll
    static void nothingHasChanged() {
        try (API) {
            for (String path : PATHS.values()) {
                if (path.contains("/v1/clients")) {
                    JsonNode client = json(API.client().get("/v1/clients/" + first));
                    assertThat(client.required("name").stringValue()).isNotEqualTo("taken over");
                } else {
                    HttpResponse<String> read = ofFirst.get(path);
                    assertThat(read.statusCode()).as(path).isEqualTo(200);
                    assertThat(read.body()).doesNotContain("taken over", "\"taken\"");
                }
            }
            assertThat(json(API.client().get("/v1/clients/" + first + "/keys")).at("/items/0"))
                    .isNotNull();
        }
    }

    private record Operation(String method, String template, String scope) {
        String name() {
            return method + " " + template;
        }

        /** With the resources of the first client. */
        String path() {
            String path = template;
            for (Map.Entry<String, String> known : PATHS.entrySet()) {
                if (path.startsWith(known.getKey())) {
                    path = known.getValue() + path.substring(known.getKey().length());
                    break;
                }
            }
            path = path.replace("{name}", "INBOX");
            assertThat(path)
                    .as(name() + ": give PATHS a resource of this kind")
                    .doesNotContain("{");
            return path;
        }

        String body() {
            return BODIES.getOrDefault(name(), "");
        }

        HttpResponse<String> call(HttpCaller caller) {
            return caller.send(method, path(), body());
        }
    }

    private static List<Operation> operations() {
        List<Operation> operations = new ArrayList<>();
        YAMLMapper.shared()
                .readTree(Contract.text())
                .required("paths")
                .forEachEntry((path, item) -> {
                    for (String method : METHODS) {
                        JsonNode scopes = item.path(method).path("security").path(0).path("key");
                        if (!scopes.isMissingNode()) {
                            operations.add(
                                    new Operation(
                                            method.toUpperCase(Locale.ROOT),
                                            path,
                                            scopes.path(0).stringValue()));
                        }
                    }
                });
        assertThat(operations).hasSizeGreaterThan(30);
        return operations;
    }

    @TestFactory
    Stream<DynamicTest> every_operation_refuses_every_key_that_is_not_for_it() {
        Map<String, HttpCaller> without = new HashMap<>();
        HttpCaller ofSecond =
                API.callerOf(
                        second,
                        Arrays.stream(Scope.values())
                                .filter(scope -> scope != Scope.ADMIN)
                                .map(Scope::wireName)
                                .toArray(String[]::new));
        return operations().stream()
                .map(operation ->
                        DynamicTest.dynamicTest(
                                operation.name(),
                                () -> {
                                    requireRefusals(operation);
                                    requireScope(
                                            operation,
                                            without.computeIfAbsent(
                                                    operation.scope(),
                                                    RouteTableTest::callerWithout));
                                    requireOwnClient(operation, ofSecond);
                                }));
    }

    /** Ids of the first client's resources where a parameter or a body takes one. */
    @Test
    void ids_of_another_client_in_parameters_and_bodies_find_nothing() {
        HttpCaller caller = API.callerOf(second, "read", "write");
        String account =
                Objects.requireNonNull(PATHS.get("/v1/accounts/{id}"))
                        .substring("/v1/accounts/".length());
        String own =
                idOf(
                        caller.post(
                                "/v1/webhooks",
                                "{\"url\": \"https://example.org/\", \"events\": [\"*\"]}"));
        for (String list :
                List.of(
                        "/v1/events?accountId=",
                        "/v1/deliveries?account=",
                        "/v1/webhooks/" + own + "/deliveries?account=")) {
            HttpResponse<String> found = caller.get(list + account);
            assertThat(found.statusCode()).as(found.body()).isEqualTo(200);
            assertThat(json(found).required("items").size()).isZero();
        }
        assertThat(json(ofFirst.get("/v1/events?accountId=" + account)).required("items").size())
                .isEqualTo(1);
        assertThat(
                        HttpCaller.faults(
                                caller.post(
                                        "/v1/webhooks",
                                        "{\"url\": \"https://example.org/\", \"events\": [\"*\"], \"accounts\": [\"%s\"]}"
                                                .formatted(account))))
                .containsOnlyKeys("accounts[0]");
        assertThat(
                        HttpCaller.faults(
                                caller.patch(
                                        "/v1/webhooks/" + own,
                                        "{\"accounts\": [\"%s\"]}".formatted(account))))
                .containsOnlyKeys("accounts[0]");
    }

    private static void requireRefusals(Operation operation) {
        REFUSED.forEach((kind, header) -> {
            HttpCaller caller = API.client().without("Authorization");
            HttpResponse<String> response =
                    operation.call(
                            header.isEmpty() ? caller : caller.with("Authorization", header));
            assertThat(response.statusCode()).as(kind).isEqualTo(401);
        });
    }

    /** A key of the second client with all scopes but one. */
    private static HttpCaller callerWithout(String scope) {
        return API.callerOf(
                second,
                Arrays.stream(Scope.values())
                        .map(Scope::wireName)
                        .filter(name -> !name.equals(scope) && !name.equals("admin"))
                        .toArray(String[]::new));
    }

    private static void requireScope(Operation operation, HttpCaller caller) {
        HttpResponse<String> response = operation.call(caller);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(403);
        assertThat(json(response).required("scope").stringValue()).isEqualTo(operation.scope());
    }

    /** The second client's key with the first one's resources, and in the first one's name. */
    private static void requireOwnClient(Operation operation, HttpCaller caller) {
        HttpResponse<String> named = operation.call(caller.with("Mailbell-Client", first));
        assertThat(named.statusCode()).as(named.body()).isEqualTo(403);
        if (operation.scope().equals("admin")) {
            assertThat(operation.call(caller).statusCode()).isEqualTo(403);
        } else if (operation.template().contains("{")) {
            HttpResponse<String> response = operation.call(caller);
            assertThat(response.statusCode())
                    .as("%s; BODIES may lack one", response.body())
                    .isEqualTo(404);
        } else if (operation.method().equals("GET") && !operation.template().endsWith("/stream")) {
            HttpResponse<String> list = operation.call(caller);
            assertThat(list.statusCode()).as(list.body()).isEqualTo(200);
            // The paths that the second client tried are in its own entries of the audit log.
            List<String> others =
                    operation.template().startsWith("/v1/audit")
                            ? List.of("\"clientId\":\"" + first)
                            : PATHS.values().stream()
                                    .map(path -> path.substring(path.lastIndexOf('/') + 1))
                                    .toList();
            assertThat(list.body()).doesNotContain(others);
        }
    }
}
