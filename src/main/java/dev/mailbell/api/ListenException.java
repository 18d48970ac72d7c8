package dev.mailbell.api;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** The API cannot listen where it is told to; the message says what to do. */
public final class ListenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private ListenException(String host, int port, IOException cause) {
        super(
                "the API cannot listen on %s, port %d (%s): is another Mailbell running? Set http.port or http.host"
                        .formatted(host, port, cause.getMessage()),
                cause);
    }

    /**
     * Tells early, before anything is started, that an address is taken or not this machine's.
     *
     * @param port 0 for any that is free
     * @throws ListenException when it cannot be listened on
     */
    public static void requireFree(String host, int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host, port));
        } catch (IOException e) {
            throw new ListenException(host, port, e);
        }
    }
}
