package dev.mailbell.network.socket;

import java.io.IOException;

/**
 * The operator's own proxy failed, which says nothing about the target host. The message names
 * {@code network.proxy} and not its address: it may be shown to a client.
 */
public final class ProxyException extends IOException {
    ProxyException(String what) {
        super("the proxy of network.proxy " + what);
    }

    ProxyException(String what, Throwable cause) {
        this(what);
        initCause(cause);
    }
}
