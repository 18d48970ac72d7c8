package dev.mailbell.network.socket;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.address.LookupsBusyException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Opens a tunnel to a host through a proxy of the operator that looks the host's name up by itself.
 * The guard is asked first. A name that cannot be looked up here is left to the proxy: a network
 * with a proxy often has no public DNS.
 */
public final class ProxyTunnel {
    /**
     * Short, because a name server inside such a network may never answer, which must not use up
     * the time of the call.
     */
    private static final Duration LOOKUP_TIME = Duration.ofSeconds(2);

    private final AddressGuard guard;
    private final ProxyAddress proxy;
    private final String name;

    /**
     * @param name the proxy in messages: "the proxy of network.proxy"
     */
    ProxyTunnel(AddressGuard guard, ProxyAddress proxy, String name) {
        this.guard = guard;
        this.proxy = proxy;
        this.name = name;
    }

    /**
     * Connects to the proxy if the guard allows the host; the caller then calls {@link #open}.
     *
     * @param anywhere false when the port is open only at addresses of {@code network.allowPrivate}
     * @throws BlockedAddressException when every address of the host is refused
     * @throws LookupsBusyException when too many lookups wait already
     * @throws ProxyException when the proxy cannot be reached by the deadline
     */
    public Socket dial(String host, int port, boolean anywhere, Deadline deadline)
            throws IOException {
        requireAllowed(host, port, anywhere, deadline);
        return dial(null, deadline);
    }

    /**
     * Connects to the proxy, whose own address the guard does not check.
     *
     * @param local the address to connect from; null for any
     */
    Socket dial(@Nullable InetAddress local, Deadline deadline) throws IOException {
        try {
            return GuardedSockets.connect(
                    name, proxy.port(), guard.lookUp(proxy.host(), deadline), local, deadline);
        } catch (LookupsBusyException e) {
            throw e;
        } catch (UnknownHostException e) {
            throw ProxyException.of(name, "cannot be reached: its name has no address", e);
        } catch (SocketTimeoutException e) {
            throw ProxyException.of(name, "cannot be reached: it took no connection in time", e);
        } catch (IOException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw ProxyException.of(name, "cannot be reached: " + cause.getMessage(), e);
        }
    }

    void requireAllowed(String host, int port, boolean anywhere, Deadline deadline)
            throws IOException {
        try {
            boolean covered =
                    guard.resolve(host, deadline.atMost(LOOKUP_TIME)).stream()
                            .anyMatch(guard::isInAllowPrivate);
            if (!anywhere && !covered) {
                throw new BlockedAddressException(host, port);
            }
        } catch (UnknownHostException | SocketTimeoutException unresolvable) {
            if (!anywhere) {
                throw new BlockedAddressException(host, port);
            }
        }
    }

    /**
     * Makes the proxy connect to the host; afterwards the socket carries the bytes of the host. The
     * socket is closed when this fails.
     *
     * @throws ProxyException when the proxy refuses or breaks off
     * @throws ConnectException when the proxy says that the host does not answer
     * @throws SocketTimeoutException when the proxy did not answer by the deadline
     */
    public void open(Socket socket, String host, int port, Deadline deadline) throws IOException {
        open(socket, new ProxyDialogue.Target(host, null, port), deadline);
    }

    void open(Socket socket, ProxyDialogue.Target target, Deadline deadline) throws IOException {
        new ProxyDialogue(proxy, name).open(socket, target, deadline);
    }
}
