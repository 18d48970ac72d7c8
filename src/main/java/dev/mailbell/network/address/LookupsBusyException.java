package dev.mailbell.network.address;

import java.io.IOException;

/** Too many names are being looked up at once; it says nothing about the host. */
public final class LookupsBusyException extends IOException {
    LookupsBusyException(String host) {
        super(
                "host \""
                        + host
                        + "\" was not looked up: too many lookups are waiting for the name server");
    }
}
