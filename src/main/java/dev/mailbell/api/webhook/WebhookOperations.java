package dev.mailbell.api.webhook;

import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.webhook.Webhook;
import java.time.Instant;
import java.util.UUID;

/** The calls that the routes make to delivery. */
public interface WebhookOperations {

    /** Discards the cached state of a webhook that was created, changed or removed. */
    void changed(UUID id);

    /** Drops the pending deliveries of an account that was removed. */
    void accountRemoved(UUID accountId);

    /** The current time of the delivery clock, which never steps back. */
    Instant now();

    /** Sends {@code webhook.test} now and returns the attempt. */
    Attempt test(Webhook webhook);
}
