package dev.mailbell.delivery.endpoint;

import java.time.Duration;
import java.util.List;

/** What is configured; every call sees the newest configuration. */
public interface DeliverySettings {
    /** Of a whole POST: lookup, connection, TLS, headers and body. */
    Duration timeout();

    /** POSTs at once for one webhook. */
    int concurrency();

    /** The waits between the attempts of one delivery. */
    List<Duration> retrySchedule();

    /** The shortest pause of a webhook that asks for one or does not answer in time. */
    Duration pauseFloor();

    /** How long a webhook that fails over and over is left alone at first. */
    Duration breakerOpenFor();

    /** How long a webhook may fail before it is disabled. */
    Duration disableAfter();
}
