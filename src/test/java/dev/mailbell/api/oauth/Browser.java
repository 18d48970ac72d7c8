package dev.mailbell.api.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** A browser with cookies of its own, which follows redirects one by one. */
final class Browser implements AutoCloseable {
    private final HttpClient http =
            HttpClient.newBuilder()
                    .cookieHandler(new CookieManager(null, CookiePolicy.ACCEPT_ORIGINAL_SERVER))
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .build();

    HttpResponse<String> open(URI url) {
        try {
            return http.send(
                    HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(180)).build(),
                    BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The URL that an answer redirects to. */
    URI redirected(URI url) {
        HttpResponse<String> answer = open(url);
        assertThat(answer.statusCode()).as(answer.body()).isBetween(302, 303);
        return url.resolve(answer.headers().firstValue("Location").orElseThrow());
    }

    @Override
    public void close() {
        http.close();
    }
}
