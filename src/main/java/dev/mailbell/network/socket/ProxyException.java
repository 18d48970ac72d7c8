package dev.mailbell.network.socket;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A proxy or a local address of the operator failed, which says nothing about the target host. The
 * message names it by its place in the configuration and not by its address: it may be shown to a
 * client.
 */
public final class ProxyException extends IOException {
    private static final long serialVersionUID = 1L;

    private final boolean another;

    private ProxyException(String message, boolean another, @Nullable Throwable cause) {
        super(message, cause);
        this.another = another;
    }

    /**
     * @param proxy such as "the proxy of network.proxy"
     */
    static ProxyException of(String proxy, String what) {
        return new ProxyException(proxy + " " + what, false, null);
    }

    static ProxyException of(String proxy, String what, Throwable cause) {
        return new ProxyException(proxy + " " + what, false, cause);
    }

    /** The same where the cause may also lie in the address that the proxy was given. */
    static ProxyException ofEither(String proxy, String what, @Nullable Throwable cause) {
        return new ProxyException(proxy + " " + what, true, cause);
    }

    /** Whether another address of the host may work. */
    boolean isWorthAnother() {
        return another;
    }
}
