package dev.mailbell.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A client program: registers a webhook and accounts over REST. */
final class DemoClient implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final URI daemon;
    private final String key;

    DemoClient(URI daemon, String key) {
        this.daemon = daemon;
        this.key = key;
    }

    /** Registers a webhook for all events; returns its secret. */
    String registerWebhook(String url) throws IOException, InterruptedException {
        ObjectNode body = JSON.createObjectNode().put("url", url);
        body.putArray("events").add("*");
        return post("/v1/webhooks", body).path("secret").stringValue();
    }

    /** Registers an account on the demo's mail server; returns its id. */
    String registerAccount(String address, String protocol, int port)
            throws IOException, InterruptedException {
        ObjectNode body = JSON.createObjectNode().put("address", address);
        body.putObject("mail")
                .put("protocol", protocol)
                .put("host", DemoMailServer.HOST)
                .put("port", port)
                .put("security", "none")
                .put("password", DemoMailServer.PASSWORD);
        return post("/v1/accounts", body).path("id").stringValue();
    }

    /** Registers an account as this JSON says. */
    void registerAccount(String body) throws IOException, InterruptedException {
        post("/v1/accounts", body);
    }

    /** Reads a path; what it answers does not matter. */
    void get(String path) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(daemon.resolve(path))
                        .timeout(Duration.ofSeconds(10))
                        .header("Authorization", "Bearer " + key)
                        .build();
        http.send(request, HttpResponse.BodyHandlers.discarding());
    }

    private JsonNode post(String path, ObjectNode body) throws IOException, InterruptedException {
        return post(path, JSON.writeValueAsString(body));
    }

    private JsonNode post(String path, String body) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(daemon.resolve(path))
                        .timeout(Duration.ofSeconds(10))
                        .header("Authorization", "Bearer " + key)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 201) {
            throw new IOException(
                    "POST " + path + " answered " + response.statusCode() + ": " + response.body());
        }
        return JSON.readTree(response.body());
    }

    @Override
    public void close() {
        http.close();
    }
}
