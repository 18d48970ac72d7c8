package dev.mailbell.network.http;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.TimedCall;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.socket.GuardedSockets;
import dev.mailbell.network.socket.ResponseHeadReader;
import dev.mailbell.network.socket.ResponseTooLongException;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.network.tls.TlsException;
import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.routing.RoutingSupport;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.pool.PoolReusePolicy;
import org.apache.hc.core5.util.TimeValue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP client for hosts that API clients name. It connects only to addresses that the guard
 * allows, checked on every connect, and only with TLS unless the operator allowed clear text. No
 * redirects, cookies, retries, decompression or proxies from the environment; responses are limited
 * in size and time.
 */
public final class GuardedHttp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GuardedHttp.class);

    /** Limit of a chunked body on the wire, framing included. */
    private static final int MAX_BODY_OCTETS = 4 * 1024 * 1024;

    private static final TimeValue MAX_IDLE = TimeValue.ofSeconds(30);
    private static final TimeValue MAX_LIFETIME = TimeValue.ofMinutes(5);

    private final AddressGuard guard;
    private final CloseableHttpClient client;

    /** A request: a GET when the body is null, otherwise a POST. */
    public record Request(URI uri, Map<String, String> headers, byte @Nullable [] body) {
        /** A GET without headers of its own. */
        public static Request get(URI uri) {
            return new Request(uri, Map.of(), null);
        }

        /** Without headers and body, which may hold secrets. */
        @Override
        public String toString() {
            return "Request[" + uri.getHost() + "]";
        }
    }

    /**
     * A response.
     *
     * @param headers by lower-case name; of several with one name the first
     * @param body at most {@code maxBytes} of the call
     * @param truncated whether the body is longer than that
     */
    public record Answer(int status, Map<String, String> headers, byte[] body, boolean truncated) {
        /** The value of a header, its name in lower case. */
        public Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name));
        }

        /** Without headers and body, which may hold secrets. */
        @Override
        public String toString() {
            return "Answer[" + status + "]";
        }
    }

    /**
     * @param caPem authorities to trust besides the platform's; null for none
     */
    public GuardedHttp(AddressGuard guard, TlsContexts tls, @Nullable String caPem) {
        this.guard = guard;
        PoolingHttpClientConnectionManager connections =
                new PoolingHttpClientConnectionManager(
                        new GuardedConnections(
                                new GuardedSockets(guard), tls, caPem, anyPort -> true, null),
                        PoolConcurrencyPolicy.STRICT,
                        PoolReusePolicy.LIFO,
                        MAX_LIFETIME,
                        GuardedConnections.kept(MAX_BODY_OCTETS));
        // GuardedConnection examines kept connections, on the monotonic clock.
        connections.setDefaultConnectionConfig(
                ConnectionConfig.custom()
                        .setValidateAfterInactivity(TimeValue.NEG_ONE_MILLISECOND)
                        .build());
        connections.setMaxTotal(256);
        connections.setDefaultMaxPerRoute(16);
        this.client =
                HttpClients.custom()
                        .setConnectionManager(connections)
                        .setDefaultRequestConfig(
                                RequestConfig.custom()
                                        .setAuthenticationEnabled(false)
                                        .setProtocolUpgradeEnabled(false)
                                        .build())
                        .evictExpiredConnections()
                        .evictIdleConnections(MAX_IDLE)
                        .disableRedirectHandling()
                        .disableAutomaticRetries()
                        .disableCookieManagement()
                        .disableAuthCaching()
                        .disableContentCompression()
                        .setUserAgent("Mailbell")
                        .build();
    }

    /**
     * Sends the request and reads the answer, all of it by the deadline.
     *
     * @param maxBytes limit of the response body; the rest is not read
     * @throws IllegalArgumentException when the URL is not http or https, lacks a host, or carries
     *     a user name or password
     * @throws CleartextRefusedException for http to a host that {@code network.allowCleartext} does
     *     not name
     * @throws BlockedAddressException when the guard refuses every address of the host
     * @throws java.net.SocketTimeoutException when the deadline passed first
     * @throws java.net.UnknownHostException when the host has no address
     * @throws TlsException when the TLS handshake fails or the certificate is not trusted
     * @throws ResponseTooLongException when more than 64 KiB precede the body
     * @throws IOException when there is no connection or no HTTP answer
     */
    public Answer send(Request request, int maxBytes, Deadline deadline) throws IOException {
        String host = requireAllowed(request.uri());
        return TimedCall.by(
                deadline, "asking " + host, () -> exchange(request, maxBytes, deadline));
    }

    private String requireAllowed(URI uri) throws CleartextRefusedException {
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        String host = uri.getHost();
        if (host == null || uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException(
                    "a URL has a host and carries neither user name nor password");
        }
        if (!scheme.equals("https") && !scheme.equals("http")) {
            throw new IllegalArgumentException("a URL begins with https:// , not " + scheme);
        }
        if (scheme.equals("http") && !guard.allowsCleartext(host)) {
            throw new CleartextRefusedException(host);
        }
        return host;
    }

    private static HttpUriRequestBase build(Request request) {
        HttpUriRequestBase built =
                request.body() == null ? new HttpGet(request.uri()) : new HttpPost(request.uri());
        request.headers().forEach(built::addHeader);
        if (request.body() != null) {
            built.setEntity(new ByteArrayEntity(request.body(), null));
        }
        return built;
    }

    /** Tries again while the pool offers kept connections that are unusable. */
    private Answer exchange(Request request, int maxBytes, Deadline deadline)
            throws IOException, HttpException {
        while (true) {
            try {
                return exchange(build(request), maxBytes, deadline);
            } catch (UnusableConnectionException e) {
                if (deadline.isPast() || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                LOG.debug("{}; another connection is used", e.getMessage());
            }
        }
    }

    private Answer exchange(HttpUriRequestBase request, int maxBytes, Deadline deadline)
            throws IOException, HttpException {
        HttpClientContext context = HttpClientContext.create();
        context.setAttribute(GuardedConnections.DEADLINE, deadline);
        return client.execute(
                RoutingSupport.determineHost(request),
                request,
                context,
                response -> read(request, response, maxBytes));
    }

    private static Answer read(
            HttpUriRequestBase request, ClassicHttpResponse response, int maxBytes)
            throws IOException {
        if (response.containsHeader(ResponseHeadReader.TRUNCATED)) {
            throw new ResponseTooLongException(
                    "the answer's headers have more than "
                            + ResponseHeadReader.MAX_OCTETS / 1024
                            + " KiB");
        }
        Map<String, String> headers = new LinkedHashMap<>();
        for (Header header : response.getHeaders()) {
            headers.putIfAbsent(header.getName().toLowerCase(Locale.ROOT), header.getValue());
        }
        HttpEntity entity = response.getEntity();
        byte[] body = entity == null ? new byte[0] : entity.getContent().readNBytes(maxBytes + 1);
        boolean truncated = body.length > maxBytes;
        if (truncated) {
            // Otherwise the client would read the whole rest to keep the connection.
            request.abort();
            response.setEntity(null);
        }
        return new Answer(
                response.getCode(),
                Collections.unmodifiableMap(headers),
                truncated ? Arrays.copyOf(body, maxBytes) : body,
                truncated);
    }

    @Override
    public void close() {
        client.close(CloseMode.IMMEDIATE);
    }
}
