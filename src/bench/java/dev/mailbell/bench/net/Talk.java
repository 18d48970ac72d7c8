package dev.mailbell.bench.net;

import java.nio.ByteBuffer;

/** What a server says on one connection. Calls come from one thread, one at a time. */
public interface Talk {
    /** The connection is up, and its TLS handshake is done. */
    void opened(Link link);

    /**
     * Octets have come. What is left in the buffer comes again, with more behind it.
     *
     * @param octets from the first that was not taken yet
     */
    void received(ByteBuffer octets);

    /** The connection is gone, whoever ended it. */
    void closed();
}
