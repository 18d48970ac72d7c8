package dev.mailbell.network.socket;

import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Asks a proxy over a connected socket to connect to a target; afterwards the socket carries the
 * octets of the target.
 */
final class ProxyDialogue {
    private final ProxyAddress proxy;
    private final String name;

    /**
     * @param name the proxy in messages: "the proxy of network.proxy"
     */
    ProxyDialogue(ProxyAddress proxy, String name) {
        this.proxy = proxy;
        this.name = name;
    }

    /**
     * What the proxy is asked to connect to.
     *
     * @param host as the client named it
     * @param address the checked address that the proxy is given; null to let the proxy look the
     *     host up
     */
    record Target(String host, @Nullable InetAddress address, int port) {
        /** For messages, which never contain an address that a name resolved to. */
        @Override
        public String toString() {
            return ProxyAddress.authority(host, port);
        }

        /** The host and port that the proxy is given. */
        String authority() {
            return ProxyAddress.authority(address == null ? host : address.getHostAddress(), port);
        }
    }

    /** The protocol of one kind of proxy. */
    interface Protocol {
        void connect(Socket socket, ProxyReader answers, Target target) throws IOException;
    }

    /**
     * The socket is closed when this fails.
     *
     * @throws ProxyException when the proxy refuses or breaks off
     * @throws ConnectException when the proxy says that the target does not answer
     * @throws SocketTimeoutException when the proxy did not answer by the deadline
     */
    void open(Socket socket, Target target, Deadline deadline) throws IOException {
        ProxyReader answers = new ProxyReader(socket, name, deadline);
        try {
            protocol().connect(socket, answers, target);
            socket.setSoTimeout(0);
        } catch (SocketTimeoutException | ConnectException | ProxyException e) {
            close(socket, e);
            throw e;
        } catch (IOException e) {
            close(socket, e);
            if (deadline.isPast()) {
                throw answers.late(e);
            }
            throw ProxyException.of(name, "broke the connection off: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            close(socket, e);
            throw e;
        }
    }

    private Protocol protocol() {
        return switch (proxy.kind()) {
            case HTTP -> new HttpConnect(name, proxy.login());
            case SOCKS5 -> new Socks5(name, proxy.login());
        };
    }

    private static void close(Socket socket, Exception reason) {
        try {
            socket.close();
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }
}
