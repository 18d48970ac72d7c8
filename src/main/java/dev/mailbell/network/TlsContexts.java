package dev.mailbell.network;

import dev.mailbell.network.TlsException.Reason;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.GeneralSecurityException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS 1.2 and 1.3 to servers. One context serves all connections with the same trust, because a
 * context keeps the sessions that make a second handshake cheap.
 */
public final class TlsContexts {
    private static final int CONTEXTS_KEPT = 256;
    private static final int SESSIONS_KEPT = 20_000;

    private final Watchdog watchdog;
    private final SSLContext platform = context(ServerTrust.ofPlatform());
    private final SSLContext unverified = context(new AnyTrust());
    private final Map<String, SSLContext> byCaPem =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, SSLContext> eldest) {
                    return size() > CONTEXTS_KEPT;
                }
            };

    public TlsContexts(Watchdog watchdog) {
        this.watchdog = watchdog;
    }

    /**
     * For registration: says at once what a later handshake would fail on.
     *
     * @throws IllegalArgumentException when {@code caPem} has no certificate that can be read
     */
    public static void requireCaPem(String caPem) {
        ServerTrust.certificates(caPem);
    }

    /**
     * Shakes hands over a connected socket. The certificate is checked against {@code host}, which
     * is also sent as SNI when it is a name. The plain socket is closed when this fails.
     *
     * @param host as configured, not as resolved
     * @param verify false takes any certificate
     * @param caPem certificates to trust besides the platform's, in PEM
     * @return the socket to speak through; closing it closes the plain one
     * @throws TlsException when there is no agreement, with the reason in words
     * @throws SocketTimeoutException when the deadline passed first, however busy the server was
     * @throws IllegalArgumentException when {@code caPem} or the host cannot be read
     */
    public SSLSocket wrap(
            Socket plain,
            String host,
            int port,
            boolean verify,
            @Nullable String caPem,
            Deadline deadline)
            throws IOException {
        try (Watchdog.Cut cut = watchdog.arm(deadline, plain::close)) {
            try {
                SSLSocket socket = shake(plain, Host.of(host), port, verify, caPem);
                if (!cut.disarm()) {
                    throw late(host, port);
                }
                return socket;
            } catch (IOException | RuntimeException e) {
                plain.close();
                if (cut.hasFired()) {
                    SocketTimeoutException late = late(host, port);
                    late.initCause(e);
                    throw late;
                }
                if (e instanceof IOException failure) {
                    throw explain(failure, host);
                }
                throw e;
            }
        }
    }

    private static SocketTimeoutException late(String host, int port) {
        return new SocketTimeoutException(
                host + ":" + port + " did not finish the TLS handshake in time");
    }

    private SSLSocket shake(
            Socket plain, Host host, int port, boolean verify, @Nullable String caPem)
            throws IOException {
        SSLSocket socket =
                (SSLSocket)
                        context(verify, caPem)
                                .getSocketFactory()
                                .createSocket(plain, host.toString(), port, true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        if (verify) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        // RFC 6066, section 3: no literal addresses; and JSSE refuses the underscore in a name.
        if (host.literal().isEmpty() && host.toString().indexOf('_') < 0) {
            parameters.setServerNames(List.of(new SNIHostName(host.toString())));
        }
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private SSLContext context(boolean verify, @Nullable String caPem) {
        if (!verify) {
            return unverified;
        }
        if (caPem == null) {
            return platform;
        }
        synchronized (byCaPem) {
            return byCaPem.computeIfAbsent(caPem, pem -> context(ServerTrust.with(pem)));
        }
    }

    private static SSLContext context(TrustManager trust) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {trust}, null);
            context.getClientSessionContext().setSessionCacheSize(SESSIONS_KEPT);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }

    private static TlsException explain(IOException failure, String host) {
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
