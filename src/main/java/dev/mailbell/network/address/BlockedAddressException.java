package dev.mailbell.network.address;

import java.io.IOException;

/**
 * The host has only addresses to which this installation does not connect. The message may be shown
 * to a client: it names the host as the client wrote it and never the addresses.
 */
public final class BlockedAddressException extends IOException {
    private final String host;

    BlockedAddressException(String host) {
        super(
                "host \""
                        + host
                        + "\" leads to a private or reserved address, which is refused; the operator"
                        + " can allow a range with network.allowPrivate");
        this.host = host;
    }

    public BlockedAddressException(String host, int port) {
        super("port " + port + " of host \"" + host + "\" is not one that may be connected to");
        this.host = host;
    }

    private BlockedAddressException(String message, String host) {
        super(message);
        this.host = host;
    }

    /** A name that means a host of the network of the proxy that would look it up. */
    public static BlockedAddressException ofProxyNetwork(String host) {
        return new BlockedAddressException(
                "host \""
                        + host
                        + "\" is a name of the proxy's own network, which is refused; give its whole"
                        + " name",
                host);
    }

    /** The requested host, in canonical spelling. */
    public String host() {
        return host;
    }
}
