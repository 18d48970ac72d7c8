package dev.mailbell.api.webhook;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookHeaders;
import dev.mailbell.webhook.WebhookStore;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class WebhookRoutesTest {
    private static final TestApi API = new TestApi();
    private static final String HOOK =
            "{\"url\": \"https://example.org/hook?t=1\", \"events\": [\"mail.new\"]}";
    private final HttpCaller client = API.otherClient();

    @AfterAll
    static void close() {
        API.close();
    }

    @Test
    void a_new_webhook_answers_its_secret_once() {
        HttpResponse<String> created = client.post("/v1/webhooks", HOOK);
        assertThat(created.statusCode()).isEqualTo(201);
        String id = idOf(created);
        assertThat(created.headers().firstValue("Location")).contains("/v1/webhooks/" + id);
        String secret = json(created).required("secret").stringValue();
        JsonNode read = json(client.get("/v1/webhooks/" + id));
        assertThat(read.has("secret")).isFalse();
        assertThat(read.required("state").stringValue()).isEqualTo("enabled");
        assertThat(API.changedWebhooks).contains(UUID.fromString(id));
        byte[] stored =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery("select secret from webhook where id = :id")
                                        .bind("id", UUID.fromString(id))
                                        .mapTo(byte[].class)
                                        .one());
        assertThat(API.keyring.decrypt(stored, Webhook.secretContext(UUID.fromString(id))).reveal())
                .isEqualTo(secret);
    }

    @Test
    void every_optional_field_is_answered() {
        String account = idOf(client.post("/v1/accounts", imap("hooked")));
        JsonNode webhook =
                json(
                        client.post(
                                "/v1/webhooks",
                                """
                                {"url": "https://example.org:8443/x", "events": ["*"], "accounts": ["%s"],
                                 "labels": {"plan": "pro"}, "description": "all of it"}\
                                """
                                        .formatted(account)));
        assertThat(webhook.at("/accounts/0").stringValue()).isEqualTo(account);
        assertThat(webhook.at("/labels/plan").stringValue()).isEqualTo("pro");
        assertThat(webhook.at("/description").stringValue()).isEqualTo("all of it");
    }

    private static String hookWith(String headers) {
        return """
        {"url": "https://example.org/hook", "events": ["mail.new"], "headers": %s}\
        """
                .formatted(headers);
    }

    private static WebhookHeaders headersOf(String id) {
        Webhook webhook =
                new WebhookStore(API.database.jdbi()).find(UUID.fromString(id)).orElseThrow();
        Webhook.Headers headers = webhook.headers();
        return headers == null
                ? WebhookHeaders.NONE
                : WebhookHeaders.of(
                        API.keyring.decrypt(
                                headers.sealed(), WebhookHeaders.context(webhook.id())));
    }

    @Test
    void headers_of_a_webhook_are_stored_encrypted_and_only_their_names_are_answered() {
        HttpResponse<String> created =
                client.post(
                        "/v1/webhooks",
                        hookWith(
                                "{\"X-Api-Key\": \"k-123456\", \"Authorization\": \"Bearer t-99\"}"));
        assertThat(created.statusCode()).isEqualTo(201);
        String id = idOf(created);
        assertThat(json(created).required("headerNames"))
                .hasToString("[\"Authorization\",\"X-Api-Key\"]");
        String row =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery("select w::text from webhook w where id = :id")
                                        .bind("id", UUID.fromString(id))
                                        .mapTo(String.class)
                                        .one());
        for (String text :
                List.of(
                        created.body(),
                        client.get("/v1/webhooks/" + id).body(),
                        client.get("/v1/webhooks").body(),
                        client.post("/v1/webhooks/" + id + "/rotate", "").body(),
                        row)) {
            assertThat(text).doesNotContain("k-123456", "t-99");
        }
        assertThat(headersOf(id).values())
                .isEqualTo(Map.of("X-Api-Key", "k-123456", "Authorization", "Bearer t-99"));
    }

    @Test
    void a_patch_merges_the_headers_whatever_the_case_of_their_names() {
        String id = idOf(client.post("/v1/webhooks", hookWith("{\"X-A\": \"1\", \"X-B\": \"2\"}")));
        String path = "/v1/webhooks/" + id;
        client.patch(path, "{\"headers\": {\"x-a\": \"3\", \"X-C\": \"4\"}}");
        assertThat(headersOf(id).values()).isEqualTo(Map.of("x-a", "3", "X-B", "2", "X-C", "4"));
        client.patch(path, "{\"headers\": {\"x-b\": null}, \"description\": \"mine\"}");
        assertThat(headersOf(id).values()).isEqualTo(Map.of("x-a", "3", "X-C", "4"));
        client.patch(path, "{\"description\": \"still mine\"}");
        assertThat(headersOf(id).names()).containsExactly("x-a", "X-C");
        assertThat(client.patch(path, "{\"headers\": null}").statusCode()).isEqualTo(200);
        assertThat(headersOf(id).isEmpty()).isTrue();
    }

    @Test
    void headers_are_given_again_when_they_would_be_sent_elsewhere() {
        String id = idOf(client.post("/v1/webhooks", hookWith("{\"X-A\": \"1\", \"X-B\": \"2\"}")));
        String path = "/v1/webhooks/" + id;
        for (String url :
                List.of(
                        "https://evil.example.net/hook",
                        "https://example.org:8443/hook",
                        "https://www.example.org/hook")) {
            HttpResponse<String> refused =
                    client.patch(path, "{\"url\": \"" + url + "\", \"headers\": {\"x-b\": \"3\"}}");
            assertThat(refused.statusCode()).as(url).isEqualTo(422);
            assertThat(json(refused).required("detail").stringValue())
                    .contains("headers.X-A must be given again");
        }
        assertThat(headersOf(id).values()).isEqualTo(Map.of("X-A", "1", "X-B", "2"));
        assertThat(client.patch(path, "{\"url\": \"https://example.org/other\"}").statusCode())
                .isEqualTo(200);
        assertThat(
                        client.patch(
                                        path,
                                        "{\"url\": \"https://example.net/\", \"headers\": {\"X-A\": \"5\", \"X-B\": null}}")
                                .statusCode())
                .isEqualTo(200);
        assertThat(headersOf(id).values()).isEqualTo(Map.of("X-A", "5"));
    }

    @Test
    void headers_that_the_delivery_or_http_sets_or_that_are_malformed_are_refused_all_at_once() {
        Map<String, String> faults =
                faults(
                        client.post(
                                "/v1/webhooks",
                                """
                                {"url": "example.org", "events": ["mail.new"], "headers": {"Host": "a", "content-type": "a",
                                 "Webhook-Id": "a", "Transfer-Encoding": "a", "proxy-authorization": "a", "User-Agent": "a",
                                 "no name": "a", "": "a", "X-Break": "a\\r\\nX: y", "X-Space": " a", "X-Empty": "",
                                 "X-Number": 3, "X-Null": null, "X-Twice": "a", "x-twice": "b", "X-Ünï": "a"}}\
                                """));
        assertThat(faults.keySet())
                .contains(
                        "url",
                        "headers.Host",
                        "headers.content-type",
                        "headers.Webhook-Id",
                        "headers.Transfer-Encoding",
                        "headers.proxy-authorization",
                        "headers.User-Agent",
                        "headers.no name",
                        "headers.X-Break",
                        "headers.X-Space",
                        "headers.X-Empty",
                        "headers.X-Number",
                        "headers.X-Null",
                        "headers.x-twice");
        assertThat(faults).doesNotContainKeys("headers.X-Twice");
        StringBuilder eleven = new StringBuilder();
        for (int i = 0; i < 11; i++) {
            eleven.append(i == 0 ? "{" : ", ").append("\"X-%d\": \"v\"".formatted(i));
        }
        assertThat(faults(client.post("/v1/webhooks", hookWith(eleven + "}"))))
                .containsKey("headers");
        assertThat(
                        faults(
                                client.post(
                                        "/v1/webhooks",
                                        hookWith(
                                                "{\"X-A\": \"%s\", \"X-B\": \"%s\", \"X-C\": \"%s\"}"
                                                        .formatted(
                                                                "a".repeat(2000),
                                                                "a".repeat(2000),
                                                                "a".repeat(2000))))))
                .containsKey("headers");
        assertThat(client.post("/v1/webhooks", hookWith("[]")).statusCode()).isEqualTo(400);
    }

    @Test
    void invalid_webhooks_are_refused_with_all_errors() {
        assertThat(
                        faults(
                                client.post(
                                        "/v1/webhooks",
                                        """
                                        {"url": "example.org", "events": ["mail.old"], "accounts": ["x", "%s"],
                                         "labels": 3, "description": 4, "secret": "mine", "state": "enabled"}\
                                        """
                                                .formatted(UUID.randomUUID()))))
                .containsOnlyKeys(
                        "url",
                        "events",
                        "accounts[0]",
                        "accounts[1]",
                        "labels",
                        "description",
                        "secret",
                        "state");
        assertThat(faults(client.post("/v1/webhooks", "{}"))).containsOnlyKeys("url", "events");
        assertThat(
                        faults(
                                client.post(
                                        "/v1/webhooks",
                                        "{\"url\": \"https://u:p@example.org/\", \"events\": [\"*\", \"mail.new\"]}")))
                .containsOnlyKeys("url", "events");
        String stranger = idOf(API.otherClient().post("/v1/accounts", imap("not-mine")));
        assertThat(
                        faults(
                                client.post(
                                        "/v1/webhooks",
                                        "{\"url\": \"https://example.org/\", \"events\": [\"*\"], \"accounts\": [\"%s\"]}"
                                                .formatted(stranger))))
                .containsOnlyKeys("accounts[0]");
    }

    @Test
    void blocked_urls_are_refused() {
        for (String url :
                new String[] {
                    "http://example.org/", "https://example.org:25/", "https://10.0.0.1:25/"
                }) {
            assertThat(faults(client.post("/v1/webhooks", hook(url)))).containsOnlyKeys("url");
        }
        for (String url :
                new String[] {
                    "https://10.0.0.1/", "https://a.internal.example/", "https://[::1]/"
                }) {
            assertThat(client.post("/v1/webhooks", hook(url)).statusCode()).as(url).isEqualTo(422);
        }
        assertThat(client.post("/v1/webhooks", hook("http://127.0.0.1:9999/")).statusCode())
                .isEqualTo(201);
    }

    private static String hook(String url) {
        return "{\"url\": \"%s\", \"events\": [\"*\"]}".formatted(url);
    }

    @Test
    void a_patch_changes_what_it_names() {
        String id = idOf(client.post("/v1/webhooks", HOOK));
        String path = "/v1/webhooks/" + id;
        JsonNode changed =
                json(
                        client.with("Content-Type", "application/merge-patch+json")
                                .patch(
                                        path,
                                        "{\"labels\": {\"a\": \"b\"}, \"description\": \"x\"}"));
        assertThat(changed.at("/url").stringValue()).isEqualTo("https://example.org/hook?t=1");
        assertThat(changed.at("/labels/a").stringValue()).isEqualTo("b");
        assertThat(json(client.patch(path, "{\"state\": \"disabled\"}")).at("/state").stringValue())
                .isEqualTo("disabled");
        JsonNode armed =
                json(client.patch(path, "{\"state\": \"enabled\", \"description\": null}"));
        assertThat(armed.at("/state").stringValue()).isEqualTo("enabled");
        assertThat(armed.at("/description").isNull()).isTrue();
        assertThat(API.changedWebhooks).contains(UUID.fromString(id));
        assertThat(faults(client.patch(path, "{\"state\": \"failing\", \"events\": null}")))
                .containsOnlyKeys("state", "events");
        assertThat(client.patch(path, "{\"url\": \"https://10.0.0.1/\"}").statusCode())
                .isEqualTo(422);
        assertThat(new WebhookStore(API.database.jdbi()).list(UUID.randomUUID(), null, 10))
                .isEmpty();
    }

    @Test
    void a_test_answers_the_attempt_and_is_rate_limited() {
        String path = "/v1/webhooks/" + idOf(client.post("/v1/webhooks", HOOK)) + "/test";
        JsonNode attempt = json(client.post(path));
        assertThat(attempt.required("delivered").booleanValue()).isFalse();
        assertThat(attempt.required("statusCode").intValue()).isEqualTo(500);
        assertThat(attempt.required("durationMillis").intValue()).isEqualTo(31);
        HttpResponse<String> last = client.post(path);
        // Two a second are allowed: a busy machine may be slower for a while.
        for (int i = 0; i < 500 && last.statusCode() == 200; i++) {
            last = client.post(path);
        }
        assertThat(last.statusCode()).isEqualTo(429);
    }

    @Test
    void webhooks_belong_to_their_client_and_are_listed_and_removed() {
        HttpCaller tenant = API.otherClient();
        for (int i = 0; i < 3; i++) {
            tenant.post("/v1/webhooks", HOOK);
        }
        JsonNode page = json(tenant.get("/v1/webhooks?limit=2"));
        assertThat(page.required("items")).hasSize(2);
        JsonNode rest =
                json(
                        tenant.get(
                                "/v1/webhooks?limit=2&cursor="
                                        + page.required("nextCursor").stringValue()));
        assertThat(rest.required("items")).hasSize(1);
        assertThat(rest.required("nextCursor").isNull()).isTrue();
        String path = "/v1/webhooks/" + rest.at("/items/0/id").stringValue();
        assertThat(client.get(path).statusCode()).isEqualTo(404);
        assertThat(client.patch(path, "{}").statusCode()).isEqualTo(404);
        assertThat(client.delete(path).statusCode()).isEqualTo(404);
        assertThat(client.post(path + "/test").statusCode()).isEqualTo(404);
        assertThat(tenant.delete(path).statusCode()).isEqualTo(204);
        assertThat(tenant.get(path).statusCode()).isEqualTo(404);
    }
}
