package dev.mailbell.delivery.outbox;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event on its way to a webhook.
 *
 * @param id UUIDv7; the receiver's idempotency key, stable over retries and crashes; ids of one
 *     mailbox ascend
 * @param attempts POSTs made so far
 * @param nextAttemptAt not before this
 * @param payload the exact body
 * @param first whether nothing stands before it: it may go into memory without reading the table
 */
public record Delivery(
        UUID id,
        UUID webhookId,
        @Nullable UUID accountId,
        @Nullable String mailbox,
        int attempts,
        Instant nextAttemptAt,
        String payload,
        boolean first) {

    /**
     * The queue this delivery stands in: two deliveries of one mailbox never overtake each other.
     */
    public String queue() {
        return accountId == null
                ? id.toString()
                : accountId + "/" + (mailbox == null ? "" : mailbox);
    }
}
