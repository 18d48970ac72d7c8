package dev.mailbell.network.http;

import java.io.IOException;

/**
 * A kept connection turned out to be unusable before an octet of the request was written to it. The
 * connection is closed; the request may be sent over another one without being sent twice.
 */
public final class UnusableConnectionException extends IOException {
    UnusableConnectionException(String reason) {
        super(reason);
    }
}
