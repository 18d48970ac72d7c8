package dev.mailbell.bench.daemon;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The daemon's REST API, with the operator's key. */
public final class Api {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI base;
    private final String key;
    private final @Nullable UUID client;

    Api(URI base, String key) {
        this(base, key, null);
    }

    /** The API of the daemon of another process of this benchmark. */
    public static Api at(URI base) {
        return new Api(base, DaemonProcess.KEY);
    }

    public URI base() {
        return base;
    }

    private Api(URI base, String key, @Nullable UUID client) {
        this.base = base;
        this.key = key;
        this.client = client;
    }

    /** The same as another client. */
    public Api actingFor(UUID id) {
        return new Api(base, key, id);
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

    private JsonNode call(String method, String path, @Nullable Object body) {
        return JSON.readTree(
                exchange(method, path, body == null ? null : JSON.writeValueAsBytes(body)));
    }

    private byte[] exchange(String method, String path, byte @Nullable [] body) {
        HttpRequest.Builder builder =
                HttpRequest.newBuilder(base.resolve(path))
                        .timeout(PATIENCE)
                        .header("Authorization", "Bearer " + key)
                        .header("Content-Type", "application/json")
                        .method(
                                method,
                                body == null
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofByteArray(body));
        if (client != null) {
            builder.header("Mailbell-Client", client.toString());
        }
        try {
            HttpResponse<byte[]> answer = http.send(builder.build(), BodyHandlers.ofByteArray());
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
