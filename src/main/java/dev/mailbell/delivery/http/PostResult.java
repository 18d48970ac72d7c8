package dev.mailbell.delivery.http;

import java.time.Duration;
import java.util.Optional;

/** The result of one POST. */
public sealed interface PostResult {
    /** From the first use of the URL to the end of the answer or the failure. */
    Duration duration();

    /**
     * The endpoint answered, with any status.
     *
     * @param status the HTTP status, 200–599
     * @param retryAfter the wait that the answer asks for, 0 or more; empty when it asks for none
     * @param bodyStart the first 1,024 bytes of the answer as text without control characters
     */
    record Answered(int status, Optional<Duration> retryAfter, String bodyStart, Duration duration)
            implements PostResult {
        /** Only 2xx is success: a redirect is not followed and is a failure. */
        public boolean isSuccess() {
            return status >= 200 && status < 300;
        }
    }

    /**
     * There was no answer: no status line with all of its headers.
     *
     * @param message for the webhook's owner: it names no address that the host resolved to
     */
    record Failed(Kind kind, String message, Duration duration) implements PostResult {}

    /** The kind of a failure. */
    enum Kind {
        /** The POST took longer than the timeout. */
        TIMEOUT,
        /** No connection was made. */
        CONNECT,
        /** The host's name has no address. */
        UNKNOWN_HOST,
        TLS,
        /** The address, the port or clear text is not allowed by the configuration. */
        BLOCKED,
        /** The connection ended before the head of an answer did. */
        DISCONNECTED,
        /** The answer is not HTTP/1.1, or exceeds its limits. */
        PROTOCOL,
        /** A fault of the local network or its limits, which does not count for the webhook. */
        LOCAL
    }
}
