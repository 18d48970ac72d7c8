package dev.mailbell.delivery.log;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One POST of a delivery.
 *
 * @param at when it began
 * @param status the receiver's HTTP status; null when there was no answer
 * @param answer the first 1 KiB of the answer's body as text; null when there was none
 * @param error what went wrong, for the webhook's owner; null when the delivery arrived
 * @param retryAfter how long the receiver asked to be left alone; null when it did not
 * @param fault what kind of failure it was; null when the delivery arrived, or when that is not
 *     known any more
 */
public record Attempt(
        Instant at,
        Duration duration,
        @Nullable Integer status,
        @Nullable String answer,
        @Nullable String error,
        @Nullable Duration retryAfter,
        @Nullable Fault fault) {

    /** Kinds of failures, by what they mean for the next attempts. */
    public enum Fault {
        /** The receiver answered, but not with a 2xx. */
        REFUSED,
        /** No connection was made. */
        UNREACHABLE,
        /** No answer in time. */
        TIMEOUT,
        /** An answer that is none, a lost connection, an address that is not spoken to. */
        BROKEN,
        /** Our own network's; it says nothing about the receiver and is no attempt. */
        OURS
    }

    /** Whether the receiver took the delivery: any 2xx within the deadline. */
    public boolean delivered() {
        return error == null;
    }

    /** Whether it counts as an attempt. */
    public boolean charged() {
        return fault != Fault.OURS;
    }

    /** Whether the receiver said nothing at all: the breaker takes that more seriously. */
    public boolean silent() {
        return fault == Fault.UNREACHABLE || fault == Fault.TIMEOUT;
    }

    /** Whether the receiver wants no deliveries any more, now or ever. */
    public boolean gone() {
        return status != null && status == 410;
    }

    /** Whether the whole webhook is to be left alone for a while, not just this delivery. */
    public boolean overloaded() {
        return fault == Fault.TIMEOUT
                || (status != null
                        && (status == 429 || status == 502 || status == 503 || status == 504));
    }

    public Instant endedAt() {
        return at.plus(duration);
    }
}
