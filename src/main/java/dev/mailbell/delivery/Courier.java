package dev.mailbell.delivery;

import dev.mailbell.delivery.Attempt.Fault;
import dev.mailbell.delivery.PostResult.Answered;
import dev.mailbell.delivery.PostResult.Failed;
import dev.mailbell.secret.Keyring;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.function.Supplier;

/** Makes one attempt: opens the webhook's secrets, posts the exact bytes, and says how it went. */
final class Courier implements Lanes.Sender {
    private final WebhookClient client;
    private final OpenedSecrets secrets;
    private final Supplier<Duration> timeout;
    private final InstantSource clock;

    Courier(
            WebhookClient client,
            Keyring keyring,
            Supplier<Duration> timeout,
            InstantSource clock) {
        this.client = client;
        this.secrets = new OpenedSecrets(keyring);
        this.timeout = timeout;
        this.clock = clock;
    }

    @Override
    public Attempt send(Webhook webhook, Delivery delivery) {
        Instant at = clock.instant();
        WebhookPost post =
                new WebhookPost(
                        WebhookUrl.parse(webhook.url()),
                        delivery.id().toString(),
                        delivery.payload().getBytes(StandardCharsets.UTF_8),
                        webhook.secretsAt(at).stream()
                                .map(secret -> secrets.open(webhook.id(), secret))
                                .toList());
        return switch (client.post(post, timeout.get())) {
            case Answered answered ->
                    new Attempt(
                            at,
                            answered.duration(),
                            answered.status(),
                            answered.bodyStart(),
                            answered.isSuccess()
                                    ? null
                                    : "the receiver answered " + answered.status(),
                            answered.retryAfter().orElse(null),
                            answered.isSuccess() ? null : Fault.REFUSED);
            case Failed failed ->
                    new Attempt(
                            at,
                            failed.duration(),
                            null,
                            null,
                            failed.message(),
                            null,
                            fault(failed.kind()));
        };
    }

    /** The webhook is changed or gone. */
    void forget(UUID webhookId) {
        secrets.forget(webhookId);
    }

    private static Fault fault(PostResult.Kind kind) {
        return switch (kind) {
            case TIMEOUT -> Fault.TIMEOUT;
            case CONNECT, UNKNOWN_HOST -> Fault.UNREACHABLE;
            case TLS, BLOCKED, DISCONNECTED, PROTOCOL -> Fault.BROKEN;
            case LOCAL -> Fault.OURS;
        };
    }
}
