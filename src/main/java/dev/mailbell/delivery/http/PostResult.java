package dev.mailbell.delivery.http;

import java.time.Duration;
import java.util.Optional;

/** What came of one POST. */
public sealed interface PostResult {
    /** From the first look at the URL to the end. */
    Duration duration();

    /**
     * The receiver answered, whatever it said.
     *
     * @param status the HTTP status, 200–599
     * @param retryAfter how long it asks to be left alone, never negative; empty when it does not
     * @param bodyStart the first 1,024 bytes of the answer as text without control characters
     */
    record Answered(int status, Optional<Duration> retryAfter, String bodyStart, Duration duration)
            implements PostResult {
        /** Only 2xx is success: a redirect is not followed, and did not deliver. */
        public boolean isSuccess() {
            return status >= 200 && status < 300;
        }
    }

    /**
     * There was no answer: no status line with all of its headers.
     *
     * @param message fit for the webhook's owner: no address that a name resolved to
     */
    record Failed(Kind kind, String message, Duration duration) implements PostResult {}

    /** Where it failed. */
    enum Kind {
        /** The whole call took longer than it may. */
        TIMEOUT,
        /** No connection was made. */
        CONNECT,
        /** The host's name has no address. */
        UNKNOWN_HOST,
        TLS,
        /** We refuse to speak to that address, port, or in clear text. */
        BLOCKED,
        /** The connection ended before the head of an answer did. */
        DISCONNECTED,
        /** The answer is not HTTP as we take it. */
        PROTOCOL,
        /** Our own network or limits; not to be charged to the webhook. */
        LOCAL
    }
}
