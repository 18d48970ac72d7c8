package dev.mailbell.e2e;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/** A client of the daemon's API. */
public record Rest(URI uri, String key) {
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    public record Answer(int status, JsonNode body) {
        public JsonNode expect(int expected) {
            if (status != expected) {
                throw new AssertionError(
                        "expected " + expected + " but was " + status + ": " + body);
            }
            return body;
        }
    }

    public Answer get(String path) {
        return send("GET", path, null);
    }

    public Answer post(String path, @Nullable Object body) {
        return send("POST", path, body);
    }

    public Answer send(String method, String path, @Nullable Object body) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri.resolve(path))
                        .timeout(Duration.ofSeconds(60))
                        .header("Authorization", "Bearer " + key);
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json")
                    .method(
                            method,
                            HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)));
        }
        try {
            HttpResponse<String> response =
                    HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
            boolean json =
                    response.headers().firstValue("content-type").orElse("").contains("json");
            return new Answer(
                    response.statusCode(),
                    json ? JSON.readTree(response.body()) : MissingNode.getInstance());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /**
     * Has an account checked; answers what the check saw. A node that starts, or whose heartbeat
     * was late on a busy machine, answers 503 until it owns the account: then again.
     */
    public JsonNode check(String account) {
        return await().pollDelay(Duration.ZERO)
                .until(
                        () -> post("/v1/accounts/" + account + "/check", null),
                        answer -> answer.status() != 503)
                .expect(200);
    }

    /** Waits until the node is ready: on a busy machine a heartbeat may be late for a moment. */
    public void awaitReady() {
        await().pollDelay(Duration.ZERO).until(() -> get("/readyz").status() == 200);
    }

    /** Registers a webhook for everything; answers its body with the secret. */
    public JsonNode registerWebhook(String url) {
        return post("/v1/webhooks", Map.of("url", url, "events", new String[] {"*"})).expect(201);
    }

    /** Registers an account at a server on loopback; answers its id. */
    public String registerAccount(String protocol, int port, String username, String password) {
        return post("/v1/accounts", account(protocol, port, username, password))
                .expect(201)
                .path("id")
                .stringValue();
    }

    public static Map<String, Object> account(
            String protocol, int port, String username, String password) {
        return Map.of(
                "address",
                username.contains("@") ? username : username + "@example.org",
                "mail",
                Map.of(
                        "protocol", protocol,
                        "host", "127.0.0.1",
                        "port", port,
                        "security", "none",
                        "username", username,
                        "password", password));
    }

    public JsonNode account(String id) {
        return get("/v1/accounts/" + id).expect(200);
    }

    public String stateOf(String id) {
        return account(id).path("state").stringValue();
    }
}
