package dev.mailbell.webhook;

import dev.mailbell.event.EventType;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint to which a client has its events sent.
 *
 * @param id UUIDv7
 * @param events wire names of {@link EventType types}, or {@code *} alone for all
 * @param accounts only events of these accounts; null for all of the client's
 * @param labels only events of accounts that carry all of these
 * @param secret the signing secret ({@code whsec_…}), encrypted and bound to this row
 * @param previous the secret before the last rotation; null when there was none
 * @param headers what the client has added to its deliveries; null for none
 * @param health the results of the last attempts
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
        @Nullable Headers headers,
        State state,
        Health health,
        Instant createdAt,
        Instant updatedAt) {

    /** Stands for every type of event. */
    public static final String ALL_EVENTS = "*";

    /** The state of a webhook; the names are part of the HTTP contract. */
    public enum State {
        ENABLED,
        /** The last attempt failed; deliveries are retried. */
        FAILING,
        /** No deliveries are sent; they stay pending. */
        DISABLED;

        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A secret that was replaced and still signs beside the new one.
     *
     * @param secret encrypted and bound to this row
     * @param until when it stops to sign
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Previous(byte[] secret, Instant until) {}

    /**
     * The client's own headers.
     *
     * @param sealed {@link WebhookHeaders} encrypted and bound to this row
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Headers(List<String> names, byte[] sealed) {
        public Headers {
            names = List.copyOf(names);
        }
    }

    /**
     * The results of the last attempts.
     *
     * @param failingSince the first failure after the last success; null when there was none
     * @param failures since the last success
     * @param lastError of these failures; null when there is none
     * @param pausedUntil the end of the pause; null when there is none
     * @param breakerUntil when the circuit breaker lets one probe through; null when it is closed
     * @param breakerOpenings how often the breaker opened in a row; 0 when it is closed
     * @param healthy whether the last attempt succeeded; false before the first attempt
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

        /** No attempt was made yet. */
        public static final Health UNKNOWN = new Health(null, 0, null, null, null, 0, false);

        /** When the pause or the open breaker ends, the later of both; null when that is past. */
        public @Nullable Instant waitsUntil(Instant now) {
            Instant latest = pausedUntil;
            if (latest == null || (breakerUntil != null && breakerUntil.isAfter(latest))) {
                latest = breakerUntil;
            }
            return latest != null && latest.isAfter(now) ? latest : null;
        }
    }

    /** A webhook without headers of its own. */
    public Webhook(
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
        this(
                id,
                clientId,
                url,
                events,
                accounts,
                labels,
                description,
                secret,
                previous,
                null,
                state,
                health,
                createdAt,
                updatedAt);
    }

    public Webhook {
        events = List.copyOf(events);
        accounts = accounts == null ? null : List.copyOf(accounts);
        labels = Map.copyOf(labels);
    }

    /** The encrypted secrets that are valid at a time, the newest first. */
    public List<byte[]> secretsAt(Instant now) {
        Previous before = previous;
        return before != null && now.isBefore(before.until())
                ? List.of(secret, before.secret())
                : List.of(secret);
    }

    /**
     * When a change of this row is made: always later than the one before, because a concurrent
     * change is detected by {@code updatedAt}.
     */
    public Instant changedAt(Instant now) {
        return now.isAfter(updatedAt) ? now : updatedAt.plusMillis(1);
    }

    /** The context that the encryption of a secret binds, so that it is useless in another row. */
    public static String secretContext(UUID id) {
        return "webhook/" + id + "/secret";
    }
}
