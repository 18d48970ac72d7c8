package dev.mailbell.network.socket;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.address.LookupsBusyException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Opens a tunnel to a host through the operator's proxy, with CONNECT (RFC 9110, section 9.3.6).
 * The guard is asked first. A name that cannot be looked up here is left to the proxy: a network
 * with an egress proxy often has no public DNS.
 */
public final class ProxyTunnel {
    /**
     * Short, because a name server inside such a network may never answer, which must not use up
     * the time of the call.
     */
    private static final Duration LOOKUP_TIME = Duration.ofSeconds(2);

    private static final int MAX_HEAD_OCTETS = 16 * 1024;
    private static final Pattern STATUS =
            Pattern.compile("HTTP/1\\.[01] ([1-5][0-9]{2})(?: [^\\r\\n]*)?\\r?\\n(?s:.*)");
    private static final int PROXY_AUTHENTICATION_REQUIRED = 407;
    private static final int GATEWAY_TIMEOUT = 504;

    private final AddressGuard guard;
    private final ProxyAddress proxy;

    ProxyTunnel(AddressGuard guard, ProxyAddress proxy) {
        this.guard = guard;
        this.proxy = proxy;
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
        try {
            return GuardedSockets.connect(
                    "network.proxy", proxy.port(), guard.lookUp(proxy.host(), deadline), deadline);
        } catch (LookupsBusyException e) {
            throw e;
        } catch (UnknownHostException e) {
            throw new ProxyException("cannot be reached: its name has no address", e);
        } catch (SocketTimeoutException e) {
            throw new ProxyException("cannot be reached: it took no connection in time", e);
        } catch (IOException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new ProxyException("cannot be reached: " + cause.getMessage(), e);
        }
    }

    private void requireAllowed(String host, int port, boolean anywhere, Deadline deadline)
            throws IOException {
        try {
            boolean covered =
                    guard.resolve(host, deadline.atMost(LOOKUP_TIME)).stream()
                            .anyMatch(guard::isCovered);
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
     * @throws ConnectException when the proxy says that the host does not answer (504)
     * @throws SocketTimeoutException when the proxy did not answer by the deadline
     */
    public void open(Socket socket, String host, int port, Deadline deadline) throws IOException {
        try {
            String target = ProxyAddress.authority(host, port);
            String authorization =
                    proxy.authorization().isEmpty()
                            ? ""
                            : "Proxy-Authorization: " + proxy.authorization() + "\r\n";
            String request =
                    "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n"
                            .formatted(target, target, authorization);
            requireOpened(exchange(socket, request, deadline), target);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static String exchange(Socket socket, String request, Deadline deadline)
            throws IOException {
        try {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            String head = head(socket, deadline);
            socket.setSoTimeout(0);
            return head;
        } catch (SocketTimeoutException | ProxyException e) {
            throw e;
        } catch (IOException e) {
            if (deadline.isPast()) {
                throw late(e);
            }
            throw new ProxyException("broke the connection off: " + e.getMessage(), e);
        }
    }

    /** Reads up to the empty line and not a byte more: the following bytes are the host's. */
    private static String head(Socket socket, Deadline deadline) throws IOException {
        InputStream in = socket.getInputStream();
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int newlines = 0;
        while (newlines < 2) {
            if (deadline.isPast()) {
                throw late(null);
            }
            socket.setSoTimeout(deadline.remainingMillisAtLeastOne());
            int c = in.read();
            if (c < 0) {
                throw new ProxyException("closed the connection without an answer to CONNECT");
            }
            if (head.size() >= MAX_HEAD_OCTETS) {
                throw new ProxyException("answered CONNECT with more than 16 KiB of headers");
            }
            head.write(c);
            newlines = c == '\n' ? newlines + 1 : c == '\r' ? newlines : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private static SocketTimeoutException late(@Nullable IOException e) {
        SocketTimeoutException late =
                new SocketTimeoutException("the proxy of network.proxy did not answer in time");
        late.initCause(e);
        return late;
    }

    private static void requireOpened(String head, String target) throws IOException {
        Matcher matcher = STATUS.matcher(head);
        if (!matcher.matches()) {
            throw new ProxyException("does not speak HTTP; is its port right?");
        }
        int status = Integer.parseInt(matcher.group(1));
        if (status == GATEWAY_TIMEOUT) {
            throw new ConnectException(target + " did not answer the proxy of network.proxy (504)");
        }
        if (status == PROXY_AUTHENTICATION_REQUIRED) {
            throw new ProxyException(
                    "answered 407: it wants a user and password, or others than network.proxy"
                            + " holds");
        }
        if (status / 100 != 2) {
            throw new ProxyException("answered " + status + " to CONNECT " + target);
        }
    }
}
