package dev.mailbell.delivery.log;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A row of the delivery log.
 *
 * @param id the {@code webhook-id}
 * @param eventType the event's type on the wire; null when the event is no longer kept
 * @param attempts POSTs made so far
 * @param nextAttemptAt the earliest time of the next attempt; null when there is none
 * @param lastStatus HTTP status of the last attempt; null when there was no answer, or no attempt
 * @param lastError the failure of the last attempt; null when it succeeded or there was none
 * @param completedAt when it was delivered, failed for good or was merged; null while it is pending
 */
public record LoggedDelivery(
        UUID id,
        UUID webhookId,
        UUID eventId,
        @Nullable String eventType,
        @Nullable UUID accountId,
        @Nullable String mailbox,
        Status status,
        int attempts,
        @Nullable Instant nextAttemptAt,
        @Nullable Integer lastStatus,
        @Nullable String lastError,
        Instant createdAt,
        @Nullable Instant completedAt) {

    /** The state of a delivery; the names are part of the HTTP contract. */
    public enum Status {
        PENDING,
        DELIVERED,
        /** The retry schedule is used up, or the event is no longer kept. */
        FAILED,
        /** Merged into a later one of its mailbox before it was ever attempted. */
        SUPERSEDED;

        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The status of a wire name; empty when it is unknown. */
        public static Optional<Status> ofWireName(String name) {
            return Arrays.stream(values())
                    .filter(status -> status.wireName().equals(name))
                    .findFirst();
        }
    }

    static LoggedDelivery read(ResultSet row) throws SQLException {
        Status status =
                Status.ofWireName(row.getString("status"))
                        .orElseThrow(
                                () -> new IllegalStateException("a delivery of a newer version"));
        OffsetDateTime completed = row.getObject("completed_at", OffsetDateTime.class);
        return new LoggedDelivery(
                row.getObject("id", UUID.class),
                row.getObject("webhook_id", UUID.class),
                row.getObject("event_id", UUID.class),
                row.getString("type"),
                row.getObject("account_id", UUID.class),
                row.getString("mailbox"),
                status,
                row.getInt("attempts"),
                status == Status.PENDING
                        ? row.getObject("next_attempt_at", OffsetDateTime.class).toInstant()
                        : null,
                row.getObject("last_status", Integer.class),
                row.getString("last_error"),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                completed == null ? null : completed.toInstant());
    }
}
