package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.client.ClientStore;
import dev.mailbell.delivery.http.WebhookClient;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.post.AttemptExecutor;
import dev.mailbell.event.Ids;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a receiver gets of a webhook's own headers, and what of its answer is kept. */
class CustomHeadersTest {
    private static final String TOKEN = "t0ken-9f8e7d6c";

    @TempDir private Path directory;

    private Attempt attempt(RawReceiver receiver, Map<String, String> values) throws Exception {
        Keyring keyring = Keyring.open(directory.resolve("keyset.json"));
        UUID id = Ids.next();
        WebhookHeaders headers = WebhookHeaders.of(values);
        Instant now = Instant.now();
        Webhook webhook =
                new Webhook(
                        id,
                        ClientStore.DEFAULT,
                        "http://127.0.0.1:" + receiver.port() + "/",
                        List.of("*"),
                        null,
                        Map.of(),
                        null,
                        keyring.encrypt(Signer.newSecret(), Webhook.secretContext(id)),
                        null,
                        new Webhook.Headers(
                                headers.names(),
                                keyring.encrypt(headers.secret(), WebhookHeaders.context(id))),
                        State.ENABLED,
                        Health.UNKNOWN,
                        now,
                        now);
        try (Watchdog watchdog = new Watchdog();
                AddressGuard guard = new AddressGuard(List.of("127.0.0.0/8"), List.of("*"));
                WebhookClient client =
                        new WebhookClient(
                                new WebhookClient.Settings("test", List::of, 4, null, null),
                                guard,
                                new TlsContexts(watchdog),
                                watchdog,
                                InstantSource.system())) {
            AttemptExecutor executor =
                    new AttemptExecutor(
                            client, keyring, () -> Duration.ofSeconds(30), InstantSource.system());
            return executor.attempt(
                    webhook, new Delivery(Ids.next(), id, null, null, 0, 0, now, "{}", true));
        }
    }

    @Test
    void each_post_carries_them_besides_those_of_the_delivery() throws Exception {
        try (RawReceiver receiver =
                new RawReceiver(
                        RawReceiver.saying(
                                "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"))) {
            Attempt attempt =
                    attempt(receiver, Map.of("X-Api-Key", TOKEN, "Authorization", "Bearer x y"));
            assertThat(attempt.delivered()).isTrue();
            Map<String, String> headers = receiver.requests.element().headers();
            assertThat(headers)
                    .containsEntry("x-api-key", TOKEN)
                    .containsEntry("authorization", "Bearer x y")
                    .containsEntry("user-agent", "Mailbell/test")
                    .containsKeys("webhook-id", "webhook-signature", "host");
        }
    }

    @Test
    void an_answer_that_repeats_them_is_kept_without_their_values() throws Exception {
        RawReceiver.Answer echo =
                (request, out) -> {
                    String body =
                            "got "
                                    + request.headers().get("authorization")
                                    + " and {\"key\": \""
                                    + request.headers()
                                            .getOrDefault("x-quoted", "")
                                            .replace("\"", "\\\"")
                                    + "\"}";
                    out.write(
                            ("HTTP/1.1 400 Bad\r\nContent-Length: "
                                            + body.length()
                                            + "\r\n\r\n"
                                            + body)
                                    .getBytes(StandardCharsets.US_ASCII));
                };
        try (RawReceiver receiver = new RawReceiver(echo)) {
            Attempt attempt =
                    attempt(
                            receiver,
                            Map.of(
                                    "Authorization",
                                    "Bearer " + TOKEN,
                                    "X-Quoted",
                                    "a\"b\"c-secret"));
            assertThat(attempt.status()).isEqualTo(400);
            assertThat(attempt.answer())
                    .doesNotContain(TOKEN, "c-secret")
                    .contains("got [redacted]");
        }
    }

    @Test
    void a_value_that_the_end_of_what_is_kept_cuts_is_not_kept_either() {
        WebhookHeaders headers = WebhookHeaders.of(Map.of("X-Key", TOKEN));
        assertThat(headers.redact("it was " + TOKEN.substring(0, 9)))
                .isEqualTo("it was [redacted]");
        assertThat(headers.redact("it was nothing")).isEqualTo("it was nothing");
        assertThat(headers.toString()).doesNotContain(TOKEN);
    }

    /** PHP, .NET, Go and template engines repeat a value with their escapes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"authorization\":\"Bearer ab\\/cd+ef&gh==\"}",
                "{\"token\":\"ab\\/cd+ef&gh==\"}",
                "{\"token\":\"ab/cd\\u002Bef\\u0026gh\\u003D\\u003d\"}",
                "<p>ab/cd+ef&amp;gh==</p>",
                "<p>ab&#x2F;cd&#43;ef&amp;gh&#x3D;&#x3D;</p>",
                "/login?token=ab%2Fcd%2Bef%26gh%3D%3D&next=1",
                "it was {\"token\":\"ab/cd\\u002Bef\\u00"
            })
    void a_value_that_is_repeated_with_escapes_is_not_kept_either(String answer) {
        WebhookHeaders headers = WebhookHeaders.of(Map.of("Authorization", "Bearer ab/cd+ef&gh=="));
        assertThat(headers.redact(answer)).contains("[redacted]").doesNotContain("ef", "gh");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"p\":\"hunter\\u00a322-\\u20acx\"}", "hunter&#163;22-&#x20ac;x"})
    void nor_is_a_password_beyond_ascii(String answer) {
        WebhookHeaders headers =
                WebhookHeaders.of(Map.of("Authorization", "Basic dTpodW50ZXLCozIyLeKCrHg="));
        assertThat(headers.redact(answer)).contains("[redacted]").doesNotContain("hunter", "22-");
    }

    @Test
    void the_parts_of_a_value_are_not_kept_and_other_words_are() {
        WebhookHeaders headers =
                WebhookHeaders.of(
                        Map.of(
                                "Authorization",
                                "Basic dXNlcjpodW50ZXItMjI=",
                                "X-Auth",
                                "Token token=\"s3cr3t-9f8e\"",
                                "X-Other",
                                "s3cr3t-9f8e-more"));
        assertThat(headers.redact("no user hunter-22, no s3cr3t-9f8e, no s3cr3t-9f8e-more"))
                .isEqualTo("no user [redacted], no [redacted], no [redacted]");
        assertThat(headers.redact("50% off & more \\ no such user"))
                .isEqualTo("50% off & more \\ no such user");
    }
}
