package dev.mailbell.delivery;

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
 * @param charged whether it counts as an attempt: a fault of our own network does not
 */
public record Attempt(
        Instant at,
        Duration duration,
        @Nullable Integer status,
        @Nullable String answer,
        @Nullable String error,
        @Nullable Duration retryAfter,
        boolean charged) {

    /** Whether the receiver took the delivery: any 2xx within the deadline. */
    public boolean delivered() {
        return error == null;
    }
}
