package dev.mailbell.webhook;

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
 * @param health how the last attempts went
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
        Health health,
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

    /**
     * How the last attempts went.
     *
     * @param failingSince when the first attempt failed after the last success; null when none did
     * @param failures since then
     * @param lastError of those; null when there is none
     * @param pausedUntil nothing is sent before; null when it is not paused
     * @param breakerUntil one probe may be sent then, and nothing before; null when the breaker is
     *     closed
     * @param breakerOpenings how often the breaker opened in a row; 0 when it is closed
     * @param healthy whether the webhook took what it was sent last; false before the first attempt
     */
    public record Health(
            @Nullable Instant failingSince,
            int failures,
            @Nullable String lastError,
            @Nullable Instant pausedUntil,
            @Nullable Instant breakerUntil,
            int breakerOpenings,
            boolean healthy) {
        /** The last attempt succeeded. */
        public static final Health GOOD = new Health(null, 0, null, null, null, 0, true);

        /** There was no attempt yet. */
        public static final Health UNKNOWN = new Health(null, 0, null, null, null, 0, false);

        /** Until when nothing is sent, for whichever reason; null when that is no time to come. */
        public @Nullable Instant waitsUntil(Instant now) {
            Instant latest = pausedUntil;
            if (latest == null || (breakerUntil != null && breakerUntil.isAfter(latest))) {
                latest = breakerUntil;
            }
            return latest != null && latest.isAfter(now) ? latest : null;
        }
    }

    public Webhook {
        events = List.copyOf(events);
        accounts = accounts == null ? null : List.copyOf(accounts);
        labels = Map.copyOf(labels);
    }

    /** The encrypted secrets that sign at a moment, the newest first. */
    public List<byte[]> secretsAt(Instant now) {
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
