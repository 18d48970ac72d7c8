package dev.mailbell.network.tls;

import java.security.GeneralSecurityException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The contexts of one trust. A context keeps the tickets that make the next handshake with a server
 * cheap, but JSSE keeps only ten for a host and port, each good for one handshake (RFC 8446,
 * appendix C.4). A host of many accounts sees more handshakes at once than that, so every ten of
 * them have a context of their own.
 */
final class TrustedContexts {
    /** {@code DEFAULT_MAX_QUEUE_SIZE} of JSSE's SSLSessionContextImpl, which no setting changes. */
    static final int TICKETS_OF_A_HOST = 10;

    private static final int MOST_CONTEXTS = 16;
    private static final int SESSIONS_KEPT = 20_000;

    private final TrustManager trust;
    private final @Nullable SSLContext[] contexts = new @Nullable SSLContext[MOST_CONTEXTS];
    private final Map<String, Integer> shaking = new ConcurrentHashMap<>();

    TrustedContexts(TrustManager trust) {
        this.trust = trust;
    }

    /** One handshake's share; closing it ends the handshake's part in the count. */
    record Turn(SSLContext context, Runnable end) implements AutoCloseable {
        @Override
        public void close() {
            end.run();
        }
    }

    /** Begins a handshake. */
    Turn enter(String host, int port) {
        String server = host + ":" + port;
        int before = shaking.merge(server, 1, Integer::sum) - 1;
        SSLContext context = context(Math.min(before / TICKETS_OF_A_HOST, MOST_CONTEXTS - 1));
        return new Turn(context, () -> leave(server));
    }

    private void leave(String server) {
        shaking.computeIfPresent(server, (_, count) -> count == 1 ? null : count - 1);
    }

    private SSLContext context(int index) {
        synchronized (contexts) {
            SSLContext context = contexts[index];
            if (context == null) {
                // The further ones serve the busiest hosts only, which are few.
                context = context(trust, index == 0 ? SESSIONS_KEPT : SESSIONS_KEPT / 10);
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
