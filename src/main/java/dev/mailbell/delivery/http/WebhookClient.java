package dev.mailbell.delivery.http;

import dev.mailbell.delivery.http.PostResult.Answered;
import dev.mailbell.delivery.http.PostResult.Failed;
import dev.mailbell.delivery.http.PostResult.Kind;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.http.GuardedConnections;
import dev.mailbell.network.http.UnusableConnectionException;
import dev.mailbell.network.socket.GuardedSockets;
import dev.mailbell.network.socket.ProxyAddress;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.webhook.WebhookUrl;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.function.Supplier;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.DefaultSchemePortResolver;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.pool.PoolReusePolicy;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one POST at a time for each caller, and answers with what came of it. Connections are kept
 * and shared; nothing else is remembered: no cookies, no redirects, no proxies of the environment,
 * no second try of its own but for a kept connection that turns out to be closed.
 */
public final class WebhookClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookClient.class);
    private static final ContentType JSON = ContentType.create("application/json");
    private static final TimeValue CONNECTION_LIFE = TimeValue.ofMinutes(5);
    private static final TimeValue IDLE_LIFE = TimeValue.ofSeconds(30);

    /** A chunked body on the wire, framing included; of its content 16 KiB are read. */
    private static final int MOST_BODY_OCTETS = 256 * 1024;

    private static final Timeout LONGEST_LEASE = Timeout.ofSeconds(5);

    private final AddressGuard guard;
    private final Watchdog watchdog;
    private final InstantSource clock;
    private final CloseableHttpClient http;

    /**
     * What may be set.
     *
     * @param version of Mailbell, for {@code user-agent}
     * @param ports what {@code webhooks.ports} says now
     * @param connections open at once in all; make it more than the POSTs under way at once
     * @param caPem authorities to trust besides the platform's; null for none
     * @param proxy what every POST goes through; null for directly
     */
    public record Settings(
            String version,
            Supplier<? extends Collection<Integer>> ports,
            int connections,
            @Nullable String caPem,
            @Nullable ProxyAddress proxy) {}

    public WebhookClient(
            Settings settings,
            AddressGuard guard,
            TlsContexts tls,
            Watchdog watchdog,
            InstantSource clock) {
        this.guard = guard;
        this.watchdog = watchdog;
        this.clock = clock;
        this.http = client(settings, new GuardedSockets(guard), tls);
    }

    private static CloseableHttpClient client(
            Settings settings, GuardedSockets sockets, TlsContexts tls) {
        PoolingHttpClientConnectionManager connections =
                new PoolingHttpClientConnectionManager(
                        new GuardedConnections(
                                sockets,
                                tls,
                                settings.caPem(),
                                port -> settings.ports().get().contains(port),
                                settings.proxy()),
                        PoolConcurrencyPolicy.STRICT,
                        PoolReusePolicy.LIFO,
                        CONNECTION_LIFE,
                        GuardedConnections.kept(MOST_BODY_OCTETS));
        connections.setMaxTotal(settings.connections());
        connections.setDefaultMaxPerRoute(settings.connections());
        connections.setDefaultConnectionConfig(
                ConnectionConfig.custom()
                        .setTimeToLive(CONNECTION_LIFE)
                        // They examine themselves, on the monotonic clock.
                        .setValidateAfterInactivity(TimeValue.NEG_ONE_MILLISECOND)
                        .build());
        return HttpClients.custom()
                .setConnectionManager(connections)
                .setRoutePlanner(new DefaultRoutePlanner(DefaultSchemePortResolver.INSTANCE))
                .setUserAgent("Mailbell/" + settings.version())
                .setDefaultRequestConfig(
                        RequestConfig.custom()
                                .setConnectionRequestTimeout(LONGEST_LEASE)
                                .setAuthenticationEnabled(false)
                                .setProtocolUpgradeEnabled(false)
                                .build())
                .disableAuthCaching()
                .disableAutomaticRetries()
                .disableConnectionState()
                .disableContentCompression()
                .disableCookieManagement()
                .disableRedirectHandling()
                .evictExpiredConnections()
                .evictIdleConnections(IDLE_LIFE)
                .build();
    }

    /**
     * Signs with the present second and sends. Blocks until the answer, a failure, or the timeout;
     * never throws for what the network or the receiver does.
     *
     * @param timeout for the whole call: lookup, connection, TLS, headers and body
     */
    public PostResult post(WebhookPost post, Duration timeout) {
        long start = System.nanoTime();
        WebhookUrl url = post.url();
        if (!url.https() && !guard.allowsCleartext(url.host().toString())) {
            return new Failed(
                    Kind.BLOCKED,
                    "network.allowCleartext does not name the host of " + url,
                    since(start));
        }
        Deadline deadline = Deadline.after(timeout);
        @Nullable PostResult result = usable(post, deadline, timeout, start);
        if (result != null) {
            return result;
        }
        // The second try goes over a new connection, so that there is no third.
        result =
                ScopedValue.where(GuardedConnections.NEW_ONLY, true)
                        .call(() -> usable(post, deadline, timeout, start));
        return result != null
                ? result
                : new Failed(Kind.DISCONNECTED, "closed without an answer", since(start));
    }

    /** Tries until a connection is usable; null as {@link #tryOnce} has it. */
    private @Nullable PostResult usable(
            WebhookPost post, Deadline deadline, Duration timeout, long start) {
        while (true) {
            try {
                return tryOnce(post, deadline, timeout, start);
            } catch (UnusableConnectionException e) {
                // Nothing was sent, and the connection is dropped: of those there are only so many.
                LOG.debug("{}; another one is taken", e.getMessage());
            }
        }
    }

    /**
     * One try; null when a kept connection, which the receiver may have closed meanwhile, ended
     * before any answer. That the receiver took such a POST all the same is possible, and is what
     * its idempotency key is for.
     *
     * @throws UnusableConnectionException when nothing was sent yet
     */
    private @Nullable PostResult tryOnce(
            WebhookPost post, Deadline deadline, Duration timeout, long start)
            throws UnusableConnectionException {
        HttpClientContext context = HttpClientContext.create();
        context.setAttribute(GuardedConnections.DEADLINE, deadline);
        HttpUriRequestBase request = request(post, clock.instant());
        try (Watchdog.Cut cut = watchdog.arm(deadline, request::cancel)) {
            @Nullable Answered answered = null;
            try (ClassicHttpResponse response =
                    http.executeOpen(target(post.url()), request, context)) {
                ResponseReader.Body body = ResponseReader.body(response);
                answered = ResponseReader.answered(response, body, clock.instant(), since(start));
                if (!body.whole()) {
                    // Or closing the response would read the rest, which may never end.
                    request.cancel();
                }
            } catch (UnusableConnectionException e) {
                if (cut.hasFired() || Thread.currentThread().isInterrupted()) {
                    return PostFailures.failed(e, cut.hasFired(), timeout, since(start));
                }
                throw e;
            } catch (IOException e) {
                boolean lost = e instanceof NoHttpResponseException || e instanceof SocketException;
                if (lost
                        && answered == null
                        && !cut.hasFired()
                        && !Thread.currentThread().isInterrupted()
                        && context.getAttribute(GuardedConnections.FRESH) == null) {
                    return null;
                }
                if (answered == null) {
                    return PostFailures.failed(e, cut.hasFired(), timeout, since(start));
                }
                // The answer is known; that a connection cut off does not close well is no news.
            }
            return answered;
        }
    }

    private static HttpHost target(WebhookUrl url) {
        return new HttpHost(
                url.https() ? "https" : "http",
                url.host().toString(),
                url.hasDefaultPort() ? -1 : url.port());
    }

    private static HttpUriRequestBase request(WebhookPost post, Instant now) {
        HttpUriRequestBase request =
                new HttpUriRequestBase("POST", URI.create(post.url() + post.url().target()));
        request.setHeader("webhook-id", post.id());
        request.setHeader("webhook-timestamp", Long.toString(now.getEpochSecond()));
        request.setHeader(
                "webhook-signature", Signer.signature(post.secrets(), post.id(), now, post.body()));
        request.setEntity(new ByteArrayEntity(post.body(), JSON));
        return request;
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    @Override
    public void close() {
        http.close(CloseMode.IMMEDIATE);
    }
}
