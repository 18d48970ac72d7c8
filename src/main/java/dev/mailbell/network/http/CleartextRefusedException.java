package dev.mailbell.network.http;

import java.io.IOException;

/**
 * A URL without TLS to a host that {@code network.allowCleartext} does not name. The message may be
 * shown to a client.
 */
public final class CleartextRefusedException extends IOException {
    CleartextRefusedException(String host) {
        super(
                "clear text to host \""
                        + host
                        + "\" is refused; use an https URL, or let the operator name the host in"
                        + " network.allowCleartext");
    }
}
