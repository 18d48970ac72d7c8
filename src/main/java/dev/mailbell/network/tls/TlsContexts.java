package dev.mailbell.network.tls;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.Host;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.tls.TlsException.Reason;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * TLS 1.2 and 1.3 to servers. Connections with the same trust share contexts, because a context
 * keeps the sessions that make a second handshake cheap. Connections with different trust never
 * share one, because the certificate of a resumed session is not checked again.
 */
public final class TlsContexts {
    private static final int MAX_CA_BUNDLES = 256;
    private static final int MAX_NAMELESS = 10_000;

    private final Watchdog watchdog;
    private final TrustedContexts platform = new TrustedContexts(ServerTrust.ofPlatform());
    private final TrustedContexts unverified = new TrustedContexts(new TrustAll());
    private final Map<String, TrustedContexts> byCaPem =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, TrustedContexts> eldest) {
                    return size() > MAX_CA_BUNDLES;
                }
            };

    /** Servers, by host and port, that do not know their own name in SNI. */
    private final Set<String> nameless =
            Collections.newSetFromMap(
                    Collections.synchronizedMap(
                            new LinkedHashMap<>() {
                                @Override
                                protected boolean removeEldestEntry(
                                        Map.Entry<String, Boolean> eldest) {
                                    return size() > MAX_NAMELESS;
                                }
                            }));

    public TlsContexts(Watchdog watchdog) {
        this.watchdog = watchdog;
    }

    /**
     * For registration: finds at once an error on which a later handshake would fail.
     *
     * @param name the name of the parameter in the message
     * @throws IllegalArgumentException when {@code caPem} has no certificate that can be read
     */
    public static void requireCaPem(String caPem, String name) {
        ServerTrust.certificates(caPem, name);
    }

    /**
     * Performs the handshake over a connected socket without pins; see {@link #wrap(Socket, String,
     * int, TlsTrust, Deadline)}.
     */
    public SSLSocket wrap(
            Socket plain,
            String host,
            int port,
            boolean verify,
            @Nullable String caPem,
            Deadline deadline)
            throws IOException {
        return wrap(plain, host, port, new TlsTrust(verify, caPem), deadline);
    }

    /**
     * Performs the handshake over a connected socket. The certificate is checked against {@code
     * host}, which is also sent as SNI when it is a name. The plain socket is closed when this
     * fails.
     *
     * @param host as configured, not as resolved
     * @return the TLS socket; closing it closes the plain one
     * @throws TlsException when the handshake fails, with a readable reason
     * @throws SocketTimeoutException when the deadline passed first, even while the server was
     *     sending
     * @throws IllegalArgumentException when {@code caPem} or the host cannot be read
     */
    public SSLSocket wrap(Socket plain, String host, int port, TlsTrust trust, Deadline deadline)
            throws IOException {
        try (Watchdog.Cut cut = watchdog.arm(deadline, plain::close)) {
            try {
                SSLSocket socket = handshake(plain, Host.of(host), port, trust);
                requirePin(socket, trust.pins());
                if (!cut.disarm()) {
                    throw late(host, port);
                }
                return socket;
            } catch (IOException | RuntimeException e) {
                plain.close();
                // The owner of the socket may have closed it at the same deadline, a moment before
                // this cut.
                if (cut.hasFired() || deadline.isPast()) {
                    SocketTimeoutException late = late(host, port);
                    late.initCause(e);
                    throw late;
                }
                if (e instanceof IOException failure) {
                    remember(Host.of(host) + ":" + port, failure);
                    throw explain(failure, host);
                }
                throw e;
            }
        }
    }

    /** If the handshake without the name fails too, further ones send the name again. */
    private void remember(String server, IOException failure) {
        if (String.valueOf(failure.getMessage()).contains("unrecognized_name")) {
            nameless.add(server);
        } else {
            nameless.remove(server);
        }
    }

    /**
     * Whether a handshake failed because the server said that it does not know its name, which
     * other clients than JSSE pass over. Further ones go without SNI; the certificate is checked
     * against the host all the same.
     */
    public boolean isNameless(String host, int port) {
        return nameless.contains(Host.of(host) + ":" + port);
    }

    private static SocketTimeoutException late(String host, int port) {
        return new SocketTimeoutException(
                host + ":" + port + " did not finish the TLS handshake in time");
    }

    /**
     * Checked after each handshake, because no trust manager is asked when a session is resumed.
     * Only the server's own certificate counts: it may send others that are not in the chain that
     * was verified.
     */
    private static void requirePin(SSLSocket socket, List<KeyPin> pins) throws IOException {
        if (pins.isEmpty()) {
            return;
        }
        if (!(socket.getSession().getPeerCertificates()[0] instanceof X509Certificate leaf)) {
            throw new SSLPeerUnverifiedException("the server has no X.509 certificate");
        }
        KeyPin seen = KeyPin.of(leaf);
        if (!pins.contains(seen)) {
            throw new TlsException(
                    Reason.WRONG_KEY,
                    "the server's key is not one of pinSha256; its pin is " + seen,
                    null);
        }
    }

    private SSLSocket handshake(Socket plain, Host host, int port, TlsTrust trust)
            throws IOException {
        String name = host.toString();
        try (TrustedContexts.Handshake handshake = trusted(trust).begin(name, port)) {
            SSLSocket socket =
                    (SSLSocket)
                            handshake
                                    .context()
                                    .getSocketFactory()
                                    .createSocket(plain, name, port, true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
            if (trust.verify()) {
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
            }
            // RFC 6066, section 3: no literal addresses; and JSSE refuses the underscore in a name.
            if (isNameless(name, port)) {
                parameters.setServerNames(List.of());
            } else if (host.literal().isEmpty() && name.indexOf('_') < 0) {
                parameters.setServerNames(List.of(new SNIHostName(name)));
            }
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return socket;
        }
    }

    private TrustedContexts trusted(TlsTrust trust) {
        String caPem = trust.caPem();
        if (!trust.verify()) {
            return unverified;
        }
        if (caPem == null) {
            return platform;
        }
        synchronized (byCaPem) {
            TrustedContexts known = byCaPem.get(caPem);
            if (known != null) {
                return known;
            }
        }
        // Outside of the lock: it takes milliseconds, and accounts may have any number of bundles.
        TrustedContexts made = new TrustedContexts(ServerTrust.with(caPem));
        synchronized (byCaPem) {
            TrustedContexts other = byCaPem.putIfAbsent(caPem, made);
            return other == null ? made : other;
        }
    }

    private static TlsException explain(IOException failure, String host) {
        if (failure instanceof TlsException explained) {
            return explained;
        }
        for (@Nullable Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof RejectedCertificateException rejected) {
                String not = rejected.reason() == Reason.NAME_MISMATCH ? ", not for " + host : "";
                return new TlsException(rejected.reason(), rejected.getMessage() + not, failure);
            }
        }
        String said = String.valueOf(failure.getMessage());
        String message =
                said.contains("Unsupported or unrecognized SSL message")
                        ? "the server does not speak TLS on this port"
                        : "the TLS handshake failed: " + said;
        return new TlsException(Reason.HANDSHAKE, message, failure);
    }
}
