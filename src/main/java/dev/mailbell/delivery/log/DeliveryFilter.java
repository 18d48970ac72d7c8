package dev.mailbell.delivery.log;

import dev.mailbell.delivery.log.LoggedDelivery.Status;
import dev.mailbell.event.EventType;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which deliveries to list; null means no condition.
 *
 * @param code the latest answer
 * @param since created at or after this
 * @param until created before this
 */
public record DeliveryFilter(
        @Nullable UUID webhookId,
        @Nullable UUID accountId,
        @Nullable Status status,
        @Nullable EventType type,
        @Nullable AnswerCode code,
        @Nullable Instant since,
        @Nullable Instant until) {
    /** All deliveries. */
    public static final DeliveryFilter ALL =
            new DeliveryFilter(null, null, null, null, null, null, null);

    /** The same, of one webhook. */
    public DeliveryFilter of(UUID webhook) {
        return new DeliveryFilter(webhook, accountId, status, type, code, since, until);
    }

    boolean matches(LoggedDelivery delivery) {
        return (webhookId == null || webhookId.equals(delivery.webhookId()))
                && (accountId == null || accountId.equals(delivery.accountId()))
                && (status == null || status == delivery.status())
                && (type == null || type.wireName().equals(delivery.eventType()))
                && (code == null || code.matches(delivery))
                && (since == null || !delivery.createdAt().isBefore(since))
                && (until == null || delivery.createdAt().isBefore(until));
    }

    /** Whether an index finds the deliveries without others between them. */
    boolean isIndexed() {
        return type == null
                && code == null
                && since == null
                && until == null
                && (accountId == null || (status == null && webhookId == null));
    }
}
