package dev.mailbell.delivery.outbox;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event to be delivered to a webhook.
 *
 * @param id UUIDv7; the endpoint's idempotency key, the same over retries and crashes; ids of one
 *     mailbox ascend
 * @param shard of its account; its owner sends the delivery
 * @param attempts POSTs made so far
 * @param nextAttemptAt the earliest time of the next attempt
 * @param payload the exact body
 * @param first whether no older delivery of its mailbox is pending: it may be sent without reading
 *     the table
 */
public record Delivery(
        UUID id,
        UUID webhookId,
        @Nullable UUID accountId,
        @Nullable String mailbox,
        int shard,
        int attempts,
        Instant nextAttemptAt,
        String payload,
        boolean first) {

    /**
     * The key of its mailbox queue: deliveries with the same key never overtake each other. A
     * delivery without an account has a queue of its own.
     */
    public String mailboxKey() {
        return accountId == null
                ? id.toString()
                : accountId + "/" + (mailbox == null ? "" : mailbox);
    }
}
