package dev.mailbell.delivery;

import dev.mailbell.event.EventType;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint that a client gave us to send events to.
 *
 * @param id UUIDv7
 * @param events wire names of {@link EventType types}, or {@code *} alone for all
 * @param accounts only events of these accounts; null for all of the client's
 * @param labels only events of accounts that carry all of these
 * @param secret the signing secret ({@code whsec_…}), encrypted and bound to this row
 * @param previous the secret before a rotation; null when it signs no more or there was none
 */
@SuppressWarnings("ArrayRecordComponent") // ciphertext, never compared
public record Webhook(
        UUID id,
        UUID clientId,
        String url,
        List<String> events,
        @Nullable List<UUID> accounts,
        Map<String, String> labels,
        @Nullable String description,
        byte[] secret,
        @Nullable Previous previous,
        State state,
        Instant createdAt,
        Instant updatedAt) {

    /** Stands for every type of event. */
    public static final String ALL_EVENTS = "*";

    /** Where a webhook stands; the names are part of the HTTP contract. */
    public enum State {
        ENABLED,
        /** The last attempt failed; deliveries wait and are tried again. */
        FAILING,
        /** Nothing is sent; deliveries wait. */
        DISABLED;

        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A secret that was replaced and still signs beside the new one.
     *
     * @param secret encrypted and bound to this row
     * @param until it signs before this
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Previous(byte[] secret, Instant until) {}

    public Webhook {
        events = List.copyOf(events);
        accounts = accounts == null ? null : List.copyOf(accounts);
        labels = Map.copyOf(labels);
    }

    /** The encrypted secrets that sign at a moment, the newest first. */
    List<byte[]> secretsAt(Instant now) {
        Previous before = previous;
        return before != null && now.isBefore(before.until())
                ? List.of(secret, before.secret())
                : List.of(secret);
    }

    /** What the encrypted secret is bound to, so that it cannot be moved to another row. */
    public static String secretContext(UUID id) {
        return "webhook/" + id + "/secret";
    }
}
