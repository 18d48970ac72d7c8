package dev.mailbell.api.webhook;

import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.webhook.Webhook;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.UUID;

/** The calls that the routes make to delivery. */
public interface WebhookOperations {

    /** Discards the cached state of a webhook that was created, changed or removed. */
    void changed(UUID id);

    /** Webhooks of a client that is being erased were disabled: nothing more is sent to them. */
    void disabled(Collection<UUID> ids);

    /** Drops the pending deliveries of an account that was removed. */
    void accountRemoved(UUID accountId);

    /** How long a POST may take. */
    Duration longestPost();

    /** The current time of the delivery clock, which never steps back. */
    Instant now();

    /** Sends {@code webhook.test} now and returns the attempt. */
    Attempt test(Webhook webhook);
}
