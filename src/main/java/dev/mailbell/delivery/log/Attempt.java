package dev.mailbell.delivery.log;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One POST of a delivery.
 *
 * @param at when it began
 * @param status the HTTP status of the answer; null when there was no answer
 * @param answer the first 1 KiB of the answer's body as text; null when there was none
 * @param error the failure as the webhook's owner reads it; null when the delivery succeeded
 * @param retryAfter the wait that the answer asked for; null when it asked for none
 * @param fault the kind of failure; null when the delivery succeeded, or when the attempt was read
 *     from the log
 */
public record Attempt(
        Instant at,
        Duration duration,
        @Nullable Integer status,
        @Nullable String answer,
        @Nullable String error,
        @Nullable Duration retryAfter,
        @Nullable Fault fault) {

    /** Kinds of failures, by their meaning for the next attempts. */
    public enum Fault {
        /** The endpoint answered with another status than 2xx. */
        REFUSED,
        /** No connection was made. */
        UNREACHABLE,
        /** No answer in time. */
        TIMEOUT,
        /** The answer is not HTTP, the connection was lost, or the address is blocked. */
        BROKEN,
        /** A fault of the local network or its limits; it does not count as an attempt. */
        OURS
    }

    /** Whether the endpoint took the delivery: any 2xx within the deadline. */
    public boolean delivered() {
        return error == null;
    }

    /** Whether it counts as an attempt. */
    public boolean countsAsAttempt() {
        return fault != Fault.OURS;
    }

    /** Whether no answer came at all; the circuit breaker opens sooner for that. */
    public boolean unanswered() {
        return fault == Fault.UNREACHABLE || fault == Fault.TIMEOUT;
    }

    /** Whether the endpoint answered 410, which disables the webhook. */
    public boolean gone() {
        return status != null && status == 410;
    }

    /** Whether the whole webhook pauses for a while, not just this delivery. */
    public boolean asksForPause() {
        return fault == Fault.TIMEOUT
                || (status != null
                        && (status == 429 || status == 502 || status == 503 || status == 504));
    }

    public Instant endedAt() {
        return at.plus(duration);
    }
}
