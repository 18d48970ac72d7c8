package dev.mailbell.api;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** The daemon cannot listen where it is told to; the message says what to do. */
public final class ListenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private ListenException(String host, int port, String key, IOException cause) {
        super(
                "Mailbell cannot listen on %s, port %d (%s): is another Mailbell running? Set %s or http.host"
                        .formatted(host, port, cause.getMessage(), key),
                cause);
    }

    /**
     * Tells early, before anything is started, that an address is taken or not this machine's.
     *
     * @param port 0 for any that is free
     * @param key the configuration's, that names the port
     * @throws ListenException when it cannot be listened on
     */
    public static void requireFree(String host, int port, String key) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host, port));
        } catch (IOException e) {
            throw new ListenException(host, port, key, e);
        }
    }
}
