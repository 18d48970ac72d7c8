package dev.mailbell.cli.api;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The API of a daemon. No redirect is followed, so that the key goes to the named host alone. Every
 * call has a deadline for all of it, and a largest answer.
 */
public final class Api implements AutoCloseable {
    /** The most that lists take in one page. */
    public static final int PAGE = 500;

    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final int MAX_ANSWER = 64 << 20;

    /** A batch of 1,000 accounts whose hosts are looked up takes seconds, not minutes. */
    private static final int MAX_TRIES = 10;

    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
    private static final long MAX_RETRY_AFTER_SECONDS = 3600;

    private final Target target;
    private final HttpClient http;

    private Api(Target target, HttpClient http) {
        this.target = target;
        this.http = http;
    }

    /** With a key and nothing else. */
    public static Api of(String url, String key) {
        return open(
                new Target(
                        URI.create(url),
                        key,
                        "the caller",
                        "",
                        Duration.ofMinutes(1),
                        Optional.empty()));
    }

    static Api open(Target target) {
        HttpClient.Builder builder =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(shorter(CONNECT, target.timeout()));
        if (target.tls().isPresent()) {
            builder.sslContext(target.tls().get());
        } else if (target.url().getScheme().equals("http")) {
            // Without the platform's authorities, whose file takes longer to read than the call
            // does.
            builder.sslContext(TrustedCa.none());
        }
        Api api = new Api(target, builder.build());
        String client = target.client();
        if (client.isEmpty() || Clients.isId(client)) {
            return api;
        }
        try {
            Target own = target.withClient("");
            String id = new Clients(new Api(own, api.http)).idOf(client);
            return new Api(target.withClient(id), api.http);
        } catch (RuntimeException e) {
            api.close();
            throw e;
        }
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** Where the API is, for messages. */
    public String url() {
        return target.url().toString();
    }

    public JsonNode get(String path) {
        return call("GET", path, null).json();
    }

    public JsonNode post(String path, @Nullable JsonNode body) {
        return call("POST", path, body).json();
    }

    public JsonNode patch(String path, JsonNode body) {
        return call("PATCH", path, body).json();
    }

    public void delete(String path) {
        call("DELETE", path, null);
    }

    /**
     * Sends a request.
     *
     * @throws RefusedException when the API refuses it
     * @throws ApiFailure when it cannot be reached or does not answer in time
     */
    public Answer call(String method, String path, @Nullable JsonNode body) {
        return call(method, path, body, Map.of());
    }

    private Answer call(
            String method, String path, @Nullable JsonNode body, Map<String, String> headers) {
        HttpRequest.Builder request = request(path);
        headers.forEach(request::header);
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json")
                    .method(
                            method,
                            HttpRequest.BodyPublishers.ofByteArray(
                                    Documents.MAPPER.writeValueAsBytes(body)));
        }
        Answer answer = answer(send(request.build()));
        if (answer.isFailure() || answer.isRedirect()) {
            throw RefusedException.of(answer, url(), target.keySource());
        }
        return answer;
    }

    /**
     * The same, repeated while the API asks to wait or cannot be reached, ten times at most. Only
     * for requests that may be repeated: those that read, and those with an idempotency key.
     */
    public Answer callPatiently(
            String method, String path, @Nullable JsonNode body, Map<String, String> headers) {
        for (int tries = 1; ; tries++) {
            Duration pause;
            try {
                return call(method, path, body, headers);
            } catch (RefusedException e) {
                if (!e.isPassing() || tries == MAX_TRIES) {
                    throw e;
                }
                pause = e.pause(tries);
            } catch (ApiFailure e) {
                if (e.exitCode() != ExitCodes.UNREACHABLE || tries == MAX_TRIES) {
                    throw e;
                }
                pause = Duration.ofSeconds(tries);
            }
            pause(shorter(pause, LONGEST_PAUSE));
        }
    }

    private static void pause(Duration duration) {
        try {
            Thread.sleep(duration);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /**
     * The items of a list, page by page, until there are no more, {@code limit} is reached, or the
     * consumer has enough.
     *
     * @param limit 0 for all
     * @param take answers whether it wants more
     */
    public void items(String path, Parameters query, int limit, Predicate<JsonNode> take) {
        if (limit < 0) {
            throw ApiFailure.usage("--limit must be 0 or more, is " + limit);
        }
        int left = limit == 0 ? Integer.MAX_VALUE : limit;
        String cursor = "";
        while (left > 0) {
            String parameters =
                    query
                            + (query.toString().isEmpty() ? "?" : "&")
                            + "limit="
                            + Math.min(PAGE, left);
            String page =
                    cursor.isEmpty()
                            ? parameters
                            : parameters
                                    + new Parameters()
                                            .with("cursor", cursor)
                                            .toString()
                                            .replace('?', '&');
            JsonNode answer =
                    cursor.isEmpty()
                            ? get(path + page)
                            : callPatiently("GET", path + page, null, Map.of()).json();
            for (JsonNode item : answer.path("items")) {
                left--;
                if (!take.test(item)) {
                    return;
                }
            }
            String next = Documents.text(answer, "nextCursor");
            if (next.isEmpty() || next.equals(cursor)) {
                return;
            }
            cursor = next;
        }
    }

    /** An answer whose body is read as it comes, without a deadline. */
    public InputStream stream(String path, Map<String, String> headers) {
        HttpRequest.Builder request = request(path).timeout(target.timeout());
        headers.forEach(request::header);
        HttpResponse<InputStream> response;
        try {
            response = http.send(request.GET().build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw Unreachable.of(e, target);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        if (response.statusCode() == 200) {
            return response.body();
        }
        try (InputStream body = response.body()) {
            String text = new String(body.readNBytes(1 << 20), StandardCharsets.UTF_8);
            throw RefusedException.of(
                    new Answer(response.statusCode(), text, retryAfter(response)),
                    url(),
                    target.keySource());
        } catch (IOException e) {
            throw Unreachable.of(e, target);
        }
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(target.url() + path))
                        .header("User-Agent", "mailbell-cli");
        if (!target.key().isEmpty()) {
            request.header("Authorization", "Bearer " + target.key());
        }
        if (!target.client().isEmpty()) {
            request.header("Mailbell-Client", target.client());
        }
        return request;
    }

    private HttpResponse<String> send(HttpRequest request) {
        CompletableFuture<HttpResponse<String>> call =
                http.sendAsync(
                        request,
                        HttpResponse.BodyHandlers.limiting(
                                HttpResponse.BodyHandlers.ofString(), MAX_ANSWER));
        try {
            return call.get(target.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            call.cancel(true);
            throw Unreachable.tooSlow(target, e);
        } catch (ExecutionException e) {
            throw Unreachable.of(Objects.requireNonNullElse(e.getCause(), e), target);
        } catch (InterruptedException e) {
            call.cancel(true);
            throw interrupted(e);
        }
    }

    private static Answer answer(HttpResponse<String> response) {
        return new Answer(response.statusCode(), response.body(), retryAfter(response));
    }

    private static Duration retryAfter(HttpResponse<?> response) {
        String text = response.headers().firstValue("Retry-After").orElse("");
        return text.matches("\\d{1,9}")
                ? Duration.ofSeconds(Math.min(Long.parseLong(text), MAX_RETRY_AFTER_SECONDS))
                : Duration.ZERO;
    }

    private static ApiFailure interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new ApiFailure(ExitCodes.FAILED, "interrupted", e);
    }

    /** Ends at once what is still under way. */
    @Override
    public void close() {
        http.shutdownNow();
    }
}
