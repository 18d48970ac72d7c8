package dev.mailbell.api.webhook;

import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.webhook.Webhook;
import java.time.Instant;
import java.util.UUID;

/** What the routes ask of delivery. */
public interface WebhookOperations {

    /** A webhook was made, changed or removed: what is in memory of it is no longer right. */
    void changed(UUID id);

    /** An account was removed: what was owed for it is no longer sent. */
    void accountRemoved(UUID accountId);

    /** The present on the clock by which deliveries are due; it does not step. */
    Instant now();

    /** Sends {@code webhook.test} now and returns what came of it. */
    Attempt test(Webhook webhook);
}
