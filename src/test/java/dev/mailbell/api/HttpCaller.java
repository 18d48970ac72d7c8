package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.request.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** A client program that validates every answer against openapi.yaml. */
public final class HttpCaller {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final int port;
    private final Map<String, String> headers;

    HttpCaller(int port, String key) {
        this(port, Map.of("Authorization", "Bearer " + key));
    }

    private HttpCaller(int port, Map<String, String> headers) {
        this.port = port;
        this.headers = headers;
    }

    public HttpCaller with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new HttpCaller(port, more);
    }

    public HttpCaller without(String header) {
        Map<String, String> fewer = new LinkedHashMap<>(headers);
        fewer.remove(header);
        return new HttpCaller(port, fewer);
    }

    public HttpResponse<String> get(String path) {
        return send("GET", path, "");
    }

    public HttpResponse<String> post(String path, String json) {
        return send("POST", path, json);
    }

    public HttpResponse<String> post(String path) {
        return send("POST", path, "");
    }

    public HttpResponse<String> put(String path, String json) {
        return send("PUT", path, json);
    }

    public HttpResponse<String> patch(String path, String json) {
        return send("PATCH", path, json);
    }

    public HttpResponse<String> delete(String path) {
        return send("DELETE", path, "");
    }

    public HttpResponse<String> send(String method, String path, String body) {
        HttpResponse<String> response = exchange(method, path, body);
        Contract.requireAnswer(response);
        if (response.statusCode() < 400) {
            Contract.requireRequest(response, body);
        }
        return response;
    }

    /** Sends a request without validation, for unknown paths and methods. */
    public HttpResponse<String> exchange(String method, String path, String body) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .timeout(Duration.ofSeconds(180))
                        .method(
                                method,
                                body.isEmpty()
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofString(body));
        if (!body.isEmpty() && !headers.containsKey("Content-Type")) {
            request.header("Content-Type", "application/json");
        }
        headers.forEach(request::header);
        try {
            HttpResponse<String> response = send(request.build());
            requireSafe(response);
            return response;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /**
     * The server closes a connection behind a request that it could not read; the client may have
     * taken it for the next one, which is sent again when that changes nothing (RFC 9110, 9.2.2).
     */
    private static HttpResponse<String> send(HttpRequest request)
            throws IOException, InterruptedException {
        try {
            return HTTP.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            boolean unanswered = String.valueOf(e.getMessage()).contains("received no bytes");
            if (!unanswered || List.of("POST", "PATCH").contains(request.method())) {
                throw e;
            }
            return HTTP.send(request, BodyHandlers.ofString());
        }
    }

    /** What holds for every answer: no traces, no secrets, problems as problem documents. */
    private static void requireSafe(HttpResponse<String> response) {
        assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(response.headers().firstValue("Server")).isEmpty();
        boolean page =
                response.request().uri().getPath().startsWith("/oauth/")
                        && response.headers()
                                .firstValue("Content-Type")
                                .orElse("")
                                .startsWith("text/html");
        if (response.statusCode() >= 400 && !page) {
            assertThat(response.headers().firstValue("Content-Type"))
                    .contains("application/problem+json");
            assertThat(response.body())
                    .doesNotContain("Exception")
                    .doesNotContain("\tat ")
                    .doesNotContain("s3cret")
                    .doesNotContainIgnoringCase("select ");
            JsonNode problem = Json.MAPPER.readTree(response.body());
            assertThat(problem.required("status").intValue()).isEqualTo(response.statusCode());
        } else if (!response.request().uri().getPath().startsWith("/docs")) {
            assertThat(response.body()).doesNotContain("s3cret");
        }
    }

    public static JsonNode json(HttpResponse<String> response) {
        return Json.MAPPER.readTree(response.body());
    }

    /** The faults of a 400 as {@code field: message} lines. */
    public static Map<String, String> faults(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        Map<String, String> faults = new LinkedHashMap<>();
        json(response)
                .required("errors")
                .forEach(fault ->
                        faults.put(
                                fault.required("field").stringValue(),
                                fault.required("message").stringValue()));
        return faults;
    }
}
