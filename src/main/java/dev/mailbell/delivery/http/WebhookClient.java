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
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.WebhookUrl;
import java.io.IOException;
import java.io.InterruptedIOException;
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
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.pool.PoolReusePolicy;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes POSTs, each on the thread of its caller. Kept connections are the only state: there are no
 * cookies, no redirects and no proxies of the environment. A POST is tried a second time only when
 * a kept connection turns out to be closed.
 */
public final class WebhookClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookClient.class);
    private static final ContentType JSON = ContentType.create("application/json");
    private static final TimeValue CONNECTION_LIFE = TimeValue.ofMinutes(5);
    private static final TimeValue IDLE_LIFE = TimeValue.ofSeconds(30);

    /**
     * Bytes of a chunked body on the wire at most, with its framing; 16 KiB of the content are
     * read.
     */
    private static final int MAX_BODY_OCTETS = 256 * 1024;

    private static final Timeout MAX_LEASE = Timeout.ofSeconds(5);

    private final AddressGuard guard;
    private final Watchdog watchdog;
    private final InstantSource clock;
    private final CloseableHttpClient http;

    /**
     * The settings of the client.
     *
     * @param version of Mailbell, for {@code user-agent}
     * @param ports the current value of {@code webhooks.ports}
     * @param connections open at once in all; more than POSTs are under way at once
     * @param caPem certificate authorities to trust besides the platform's; null for none
     * @param proxy of every POST; null for direct connections
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
                        GuardedConnections.kept(MAX_BODY_OCTETS));
        connections.setMaxTotal(settings.connections());
        connections.setDefaultMaxPerRoute(settings.connections());
        connections.setDefaultConnectionConfig(
                ConnectionConfig.custom()
                        .setTimeToLive(CONNECTION_LIFE)
                        // The connections check their own age, on the monotonic clock.
                        .setValidateAfterInactivity(TimeValue.NEG_ONE_MILLISECOND)
                        .build());
        return HttpClients.custom()
                .setConnectionManager(connections)
                .setRoutePlanner(new DefaultRoutePlanner(DefaultSchemePortResolver.INSTANCE))
                .setUserAgent("Mailbell/" + settings.version())
                .setDefaultRequestConfig(
                        RequestConfig.custom()
                                .setConnectionRequestTimeout(MAX_LEASE)
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
     * Signs a POST with the current second and sends it. Blocks until the answer, a failure or the
     * timeout; a failure of the network or the endpoint is a result, not an exception.
     *
     * @param timeout of the whole POST: lookup, connection, TLS, headers and body
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
        // The second try uses a new connection, so that there is no third.
        result =
                ScopedValue.where(GuardedConnections.NEW_ONLY, true)
                        .call(() -> usable(post, deadline, timeout, start));
        return result != null
                ? result
                : new Failed(Kind.DISCONNECTED, "closed without an answer", since(start));
    }

    /** Repeats until a connection is usable; null as in {@link #tryOnce}. */
    private @Nullable PostResult usable(
            WebhookPost post, Deadline deadline, Duration timeout, long start) {
        while (true) {
            try {
                return tryOnce(post, deadline, timeout, start);
            } catch (UnusableConnectionException e) {
                // Nothing was sent and the connection is dropped, so the number of rounds is
                // bounded.
                LOG.debug("{}; another one is taken", e.getMessage());
            }
        }
    }

    /**
     * One try; null when a kept connection, which the endpoint may have closed meanwhile, ended
     * before any answer, or with the 408 that some endpoints send before they close it. The
     * endpoint may have taken such a POST all the same; {@code webhook-id} then lets it recognize
     * the second one.
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
                    // Otherwise closing the response reads the rest, which may never end.
                    request.cancel();
                }
                if (answered.status() == HttpStatus.SC_REQUEST_TIMEOUT && isKept(context)) {
                    // RFC 9110, section 15.5.9: it was said of the wait for this POST.
                    request.cancel();
                    return null;
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
                        && isKept(context)) {
                    return null;
                }
                if (answered == null) {
                    return PostFailures.failed(e, cut.hasFired(), timeout, since(start));
                }
                // The answer is known; a failure to close the connection does not matter.
            } catch (IllegalStateException e) {
                // The client throws it when the deadline cancels the request between two steps.
                if (!cut.hasFired()) {
                    throw e;
                }
                if (answered == null) {
                    return PostFailures.failed(
                            new InterruptedIOException("cancelled"), true, timeout, since(start));
                }
            }
            return answered;
        }
    }

    /** Whether the call went over a connection of an earlier one. */
    private static boolean isKept(HttpContext context) {
        return context.getAttribute(GuardedConnections.FRESH) == null;
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
        if (!post.headers().isEmpty()) {
            post.headers().values().forEach(request::setHeader);
        }
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
