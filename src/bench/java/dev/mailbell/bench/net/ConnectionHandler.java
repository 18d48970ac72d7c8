package dev.mailbell.bench.net;

import java.nio.ByteBuffer;

/**
 * The server's side of the dialogue on one connection. Calls come from one thread, one at a time.
 */
public interface ConnectionHandler {
    /** The connection is up, and its TLS handshake is done. */
    void opened(Connection link);

    /**
     * Octets have arrived. The handler consumes some; the rest is passed again, followed by later
     * ones.
     *
     * @param octets from the first one that was not consumed
     */
    void received(ByteBuffer octets);

    /** The connection has ended, on either side. */
    void closed();
}
