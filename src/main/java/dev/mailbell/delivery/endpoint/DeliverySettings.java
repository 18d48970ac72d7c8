package dev.mailbell.delivery.endpoint;

import java.time.Duration;
import java.util.List;

/** The configuration of deliveries; every call answers the newest value. */
public interface DeliverySettings {
    /** The limit for a whole POST: lookup, connection, TLS, headers and body. */
    Duration timeout();

    /** The most POSTs at once for one webhook. */
    int concurrency();

    /** The waits between the attempts of one delivery. */
    List<Duration> retrySchedule();

    /** The shortest pause after an answer that asks for one, or after no answer in time. */
    Duration pauseFloor();

    /** How long the circuit breaker of a failing endpoint stays open the first time. */
    Duration breakerOpenFor();

    /** How long a webhook may fail before it is disabled. */
    Duration disableAfter();

    /** The time between two searches of the queues for deliveries that have become due. */
    default Duration tick() {
        return Duration.ofMillis(500);
    }
}
