package dev.mailbell.network.tls;

import java.security.GeneralSecurityException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The TLS contexts of one trust. A context keeps the tickets that make the next handshake with a
 * server cheap, but JSSE keeps only ten per host and port, each good for one handshake (RFC 8446,
 * appendix C.4). A host with many accounts has more handshakes at once than that, so every ten
 * concurrent handshakes use a context of their own.
 */
final class TrustedContexts {
    /** {@code DEFAULT_MAX_QUEUE_SIZE} of JSSE's SSLSessionContextImpl, which no setting changes. */
    static final int TICKETS_PER_HOST = 10;

    private static final int MAX_CONTEXTS = 16;
    private static final int MAX_SESSIONS = 20_000;

    private final TrustManager trust;
    private final @Nullable SSLContext[] contexts = new @Nullable SSLContext[MAX_CONTEXTS];
    private final Map<String, Integer> handshakes = new ConcurrentHashMap<>();

    TrustedContexts(TrustManager trust) {
        this.trust = trust;
    }

    /** A handshake under way and its context; closing it removes it from the count. */
    record Handshake(SSLContext context, Runnable end) implements AutoCloseable {
        @Override
        public void close() {
            end.run();
        }
    }

    /** Counts a handshake with a server and chooses its context. */
    Handshake begin(String host, int port) {
        String server = host + ":" + port;
        int concurrent = handshakes.merge(server, 1, Integer::sum) - 1;
        SSLContext context = context(Math.min(concurrent / TICKETS_PER_HOST, MAX_CONTEXTS - 1));
        return new Handshake(context, () -> end(server));
    }

    private void end(String server) {
        handshakes.computeIfPresent(server, (_, count) -> count == 1 ? null : count - 1);
    }

    private SSLContext context(int index) {
        synchronized (contexts) {
            SSLContext context = contexts[index];
            if (context == null) {
                // Only the few busiest hosts use the contexts after the first.
                context = context(trust, index == 0 ? MAX_SESSIONS : MAX_SESSIONS / 10);
                contexts[index] = context;
            }
            return context;
        }
    }

    private static SSLContext context(TrustManager trust, int sessions) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {trust}, null);
            context.getClientSessionContext().setSessionCacheSize(sessions);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }
}
