package dev.mailbell.api.http.connector;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** The daemon cannot listen on its configured address; the message says what to do. */
public final class ListenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private ListenException(String host, int port, String key, IOException cause) {
        super(
                "cannot listen on %s, port %d (%s): %s Set %s or http.host"
                        .formatted(host, port, cause.getMessage(), hint(cause), key),
                cause);
    }

    private static String hint(IOException cause) {
        String said = String.valueOf(cause.getMessage());
        if (said.contains("Permission denied")) {
            return "a port below 1024 is for root, or wants CAP_NET_BIND_SERVICE.";
        }
        return said.contains("assign requested address")
                ? "the address is not this machine's."
                : "is another Mailbell running?";
    }

    /**
     * Checks an address before anything is started.
     *
     * @param port 0 for any free port
     * @param key the configuration key of the port, for the message
     * @throws ListenException when the address is in use or is not this machine's
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
