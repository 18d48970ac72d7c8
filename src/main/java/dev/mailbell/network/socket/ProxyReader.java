package dev.mailbell.network.socket;

import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the answers of a proxy octet by octet up to a deadline: the octets that follow an answer
 * are the host's. A proxy that sends one octet at a time does not prolong it.
 */
final class ProxyReader {
    private final Socket socket;
    private final String proxy;
    private final Deadline deadline;

    ProxyReader(Socket socket, String proxy, Deadline deadline) {
        this.socket = socket;
        this.proxy = proxy;
        this.deadline = deadline;
    }

    /**
     * The next octet.
     *
     * @param waitingFor for the message: "an answer to CONNECT"
     * @throws ProxyException when the proxy has closed the connection
     * @throws SocketTimeoutException when the deadline has passed
     */
    int next(String waitingFor) throws IOException {
        if (deadline.isPast()) {
            throw late(null);
        }
        socket.setSoTimeout(deadline.remainingMillisAtLeastOne());
        int octet = socket.getInputStream().read();
        if (octet < 0) {
            throw ProxyException.of(proxy, "closed the connection without " + waitingFor);
        }
        return octet;
    }

    /** The next {@code count} octets. */
    byte[] next(int count, String waitingFor) throws IOException {
        byte[] octets = new byte[count];
        for (int i = 0; i < count; i++) {
            octets[i] = (byte) next(waitingFor);
        }
        return octets;
    }

    SocketTimeoutException late(@Nullable IOException cause) {
        SocketTimeoutException late = new SocketTimeoutException(proxy + " did not answer in time");
        late.initCause(cause);
        return late;
    }
}
