package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.request.Json;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** U+0000 anywhere in a request is refused, because PostgreSQL cannot store it in a text. */
class NulTest {
    private static final TestApi API = new TestApi();
    private static final String NUL = "a\u0000b";
    private static String account;
    private static String webhook;

    private static final String WHOLE_ACCOUNT =
            """
            {"ref": "r", "address": "ann@example.org",
             "mail": {"protocol": "imap", "host": "imap.example.org", "security": "tls", "username": "u",
                      "password": "p", "tls": {"verify": true}},
             "mailboxes": ["INBOX"], "watch": {"interval": "PT60S"}, "labels": {"plan": "pro"}}
            """;
    private static final String WITH_GRANT =
            """
            {"address": "ann@example.org",
             "mail": {"host": "imap.example.org", "oauth2": {"provider": "custom", "clientId": "c", "clientSecret": "s",
                      "refreshToken": "r", "tokenUrl": "https://token.example.org/", "scope": "x"}}}
            """;
    private static final String WHOLE_WEBHOOK =
            """
            {"url": "https://hook.example.org/", "events": ["mail.new"], "accounts": ["ACCOUNT"],
             "labels": {"plan": "pro"}, "description": "d"}
            """;

    @BeforeAll
    static void register() {
        account = TestApi.idOf(API.client().post("/v1/accounts", TestApi.imap("nul")));
        webhook =
                TestApi.idOf(
                        API.client()
                                .post(
                                        "/v1/webhooks",
                                        "{\"url\": \"https://hook.example.org/\", \"events\": [\"*\"]}"));
    }

    @AfterAll
    static void close() {
        API.close();
    }

    private static String wholeWebhook() {
        return WHOLE_WEBHOOK.replace("ACCOUNT", account);
    }

    /** The document with each of its strings, and each of its names, replaced in turn. */
    private static List<String> spoiled(String json) {
        List<String> all = new ArrayList<>();
        JsonNode document = Json.MAPPER.readTree(json);
        spoil(document, document, all);
        return all;
    }

    private static void spoil(JsonNode document, JsonNode node, List<String> all) {
        if (node instanceof ObjectNode object) {
            for (String name : List.copyOf(object.propertyNames())) {
                JsonNode value = object.get(name);
                if (value.isString()) {
                    object.put(name, NUL);
                    all.add(document.toString());
                    object.set(name, value);
                } else {
                    spoil(document, value, all);
                }
                object.set(name + NUL, value);
                all.add(document.toString());
                object.remove(name + NUL);
            }
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                JsonNode value = array.get(i);
                array.set(i, Json.MAPPER.valueToTree(NUL));
                all.add(document.toString());
                array.set(i, value);
            }
        }
    }

    private static void assertRefused(String method, String path, String body) {
        HttpResponse<String> response = API.client().exchange(method, path, body);
        assertThat(response.statusCode())
                .as("%s %s %s: %s", method, path, body, response.body())
                .isBetween(400, 499);
    }

    private static void assertBadQuery(String path) {
        HttpResponse<String> response = API.client().get(path);
        assertThat(response.statusCode()).as("%s: %s", path, response.body()).isEqualTo(400);
    }

    @Test
    void in_any_string_or_name_of_a_body_it_is_refused() {
        Map<String, List<String>> bodies =
                Map.of(
                        "POST /v1/accounts",
                        List.of(WHOLE_ACCOUNT, WITH_GRANT),
                        "POST /v1/accounts/verify",
                        List.of(WHOLE_ACCOUNT, WITH_GRANT),
                        "PATCH /v1/accounts/" + account,
                        List.of(WHOLE_ACCOUNT, WITH_GRANT),
                        "POST /v1/webhooks",
                        List.of(wholeWebhook()),
                        "PATCH /v1/webhooks/" + webhook,
                        List.of(wholeWebhook(), "{\"state\": \"enabled\"}"),
                        "POST /v1/webhooks/" + webhook + "/recover",
                        List.of("{\"since\": \"2026-11-20T00:00:00Z\"}"),
                        "PUT /v1/accounts/" + account + "/mailboxes/INBOX/position",
                        List.of("{\"uid\": \"7\"}"));
        bodies.forEach((route, documents) -> {
            String[] parts = route.split(" ");
            for (String document : documents) {
                for (String body : spoiled(document)) {
                    assertThat(body).contains("\\u0000");
                    assertRefused(parts[0], parts[1], body);
                }
            }
        });
    }

    @Test
    void without_it_the_same_bodies_are_accepted() {
        for (String body : List.of(WHOLE_ACCOUNT, WITH_GRANT)) {
            assertThat(API.client().exchange("POST", "/v1/accounts", body).statusCode())
                    .isEqualTo(201);
        }
        assertThat(API.client().exchange("POST", "/v1/webhooks", wholeWebhook()).statusCode())
                .isEqualTo(201);
    }

    @Test
    void in_a_batch_it_is_refused_where_it_is() {
        for (String body : spoiled(WHOLE_ACCOUNT)) {
            HttpResponse<String> response =
                    API.client()
                            .exchange(
                                    "POST", "/v1/accounts/batch", "{\"accounts\": [" + body + "]}");
            int status =
                    response.statusCode() == 200
                            ? Json.MAPPER
                                    .readTree(response.body())
                                    .path("results")
                                    .path(0)
                                    .path("status")
                                    .intValue()
                            : response.statusCode();
            assertThat(status).as(body).isBetween(400, 499);
        }
    }

    @Test
    void in_a_path_it_is_refused() {
        for (String path :
                List.of(
                        "/v1/accounts/a%00b",
                        "/v1/accounts/" + account + "%00",
                        "/v1/accounts/%00/mailboxes",
                        "/v1/webhooks/a%00b",
                        "/v1/webhooks/%00/deliveries",
                        "/v1/deliveries/a%00b",
                        "/%00",
                        "/docs/a%00b")) {
            assertRefused("GET", path, "");
        }
        assertRefused(
                "PUT",
                "/v1/accounts/" + account + "/mailboxes/IN%00BOX/position",
                "{\"uid\": \"7\"}");
    }

    @Test
    void in_the_name_or_the_value_of_a_query_it_is_refused() {
        List<String> lists =
                List.of(
                        "/v1/accounts",
                        "/v1/accounts/" + account + "/mailboxes",
                        "/v1/webhooks",
                        "/v1/webhooks/" + webhook + "/deliveries",
                        "/v1/events",
                        "/v1/events/stream");
        List<String> names =
                List.of(
                        "limit",
                        "cursor",
                        "state",
                        "ref",
                        "host",
                        "label.plan",
                        "label.%00",
                        "label.a%00b",
                        "label.",
                        "after",
                        "type",
                        "accountId",
                        "status",
                        "%00");
        for (String list : lists) {
            for (String name : names) {
                assertBadQuery(list + "?" + name + "=a%00b");
                if (name.contains("%00")) {
                    assertBadQuery(list + "?" + name + "=1");
                }
            }
        }
        // A forged cursor may contain U+0000.
        String cursor =
                java.util.Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString(new byte[] {2, 'a', 0, 'b'});
        assertThat(
                        API.client()
                                .exchange(
                                        "GET",
                                        "/v1/accounts/" + account + "/mailboxes?cursor=" + cursor,
                                        "")
                                .statusCode())
                .isLessThan(500);
    }

    @Test
    void an_invalid_label_name_is_refused_and_a_valid_one_filters() {
        assertRefused("GET", "/v1/accounts?label.a%20b=1", "");
        assertRefused("GET", "/v1/accounts?label.%FF%FE=1", "");
        assertThat(API.client().get("/v1/accounts?label.plan=none").statusCode()).isEqualTo(200);
    }
}
