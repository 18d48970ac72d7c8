package dev.mailbell.bench.daemon;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The daemon's REST API, with the operator's key. */
public final class Api {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI base;
    private final String key;

    Api(URI base, String key) {
        this.base = base;
        this.key = key;
    }

    /** Asks for a path such as {@code /v1/webhooks}. */
    public JsonNode get(String path) {
        return call("GET", path, null);
    }

    /** Sends what Jackson can write. */
    public JsonNode post(String path, Object body) {
        return call("POST", path, body);
    }

    public JsonNode patch(String path, Object body) {
        return call("PATCH", path, body);
    }

    /** Sends octets of JSON, and answers octets of JSON. */
    public byte[] post(String path, byte[] json) {
        return exchange("POST", path, json);
    }

    private JsonNode call(
            String method, String path, @org.jspecify.annotations.Nullable Object body) {
        return JSON.readTree(
                exchange(method, path, body == null ? null : JSON.writeValueAsBytes(body)));
    }

    private byte[] exchange(
            String method, String path, byte @org.jspecify.annotations.Nullable [] body) {
        HttpRequest request =
                HttpRequest.newBuilder(base.resolve(path))
                        .timeout(PATIENCE)
                        .header("Authorization", "Bearer " + key)
                        .header("Content-Type", "application/json")
                        .method(
                                method,
                                body == null
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofByteArray(body))
                        .build();
        try {
            HttpResponse<byte[]> answer = client.send(request, BodyHandlers.ofByteArray());
            if (answer.statusCode() / 100 != 2) {
                throw new BenchException(
                        method
                                + " "
                                + path
                                + " was answered with "
                                + answer.statusCode()
                                + ": "
                                + new String(answer.body()));
            }
            return answer.body();
        } catch (IOException e) {
            throw new BenchException(method + " " + path + " failed: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchException("interrupted", e);
        }
    }
}
