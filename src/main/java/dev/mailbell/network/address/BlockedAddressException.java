package dev.mailbell.network.address;

import java.io.IOException;

/**
 * The host leads only to addresses that this installation does not speak to. The message may be
 * shown to a client: it names the host as the client wrote it and never what its name resolved to.
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

    /** The host as it was asked for, in canonical spelling. */
    public String host() {
        return host;
    }
}
