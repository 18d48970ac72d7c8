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
 * HTTP to hosts that clients name: only to addresses that the guard allows, asked on every connect;
 * only with TLS unless the operator allowed clear text; no redirects, no cookies, no retries, no
 * decompression, no proxies from the environment; answers bounded in size and in time.
 */
public final class GuardedHttp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GuardedHttp.class);

    /** A chunked body on the wire, framing included. */
    private static final int MOST_BODY_OCTETS = 4 * 1024 * 1024;

    private static final TimeValue KEPT_IDLE = TimeValue.ofSeconds(30);
    private static final TimeValue LONGEST_LIFE = TimeValue.ofMinutes(5);

    private final AddressGuard guard;
    private final CloseableHttpClient client;

    /** What to send; a null body makes it a GET, any other a POST. */
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
     * What came back.
     *
     * @param headers by lower-case name; of several with one name the first
     * @param body at most as many bytes as asked for
     * @param truncated whether the body went on behind that
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
                        LONGEST_LIFE,
                        GuardedConnections.kept(MOST_BODY_OCTETS));
        // The connections examine themselves, on the monotonic clock.
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
                        .evictIdleConnections(KEPT_IDLE)
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
     * @param mostBytes of the answer's body; what follows is not read
     * @throws IllegalArgumentException when the URL is not http or https, lacks a host, or carries
     *     a user name or password
     * @throws CleartextRefusedException for http to a host not named for it
     * @throws BlockedAddressException when the guard refuses every address of the host
     * @throws java.net.SocketTimeoutException when the deadline came first
     * @throws java.net.UnknownHostException when the host has no address
     * @throws TlsException when the server did not prove its name
     * @throws ResponseTooLongException when what precedes the answer's body is more than 64 KiB
     * @throws IOException when there is no connection or no HTTP answer
     */
    public Answer send(Request request, int mostBytes, Deadline deadline) throws IOException {
        String host = requireAllowed(request.uri());
        return TimedCall.by(
                deadline, "asking " + host, () -> exchange(request, mostBytes, deadline));
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

    /** Every kept connection that turns out to be of no use is dropped, and another one taken. */
    private Answer exchange(Request request, int mostBytes, Deadline deadline)
            throws IOException, HttpException {
        while (true) {
            try {
                return exchange(build(request), mostBytes, deadline);
            } catch (UnusableConnectionException e) {
                if (deadline.isPast() || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                LOG.debug("{}; another one is taken", e.getMessage());
            }
        }
    }

    private Answer exchange(HttpUriRequestBase request, int mostBytes, Deadline deadline)
            throws IOException, HttpException {
        HttpClientContext context = HttpClientContext.create();
        context.setAttribute(GuardedConnections.DEADLINE, deadline);
        return client.execute(
                RoutingSupport.determineHost(request),
                request,
                context,
                response -> read(request, response, mostBytes));
    }

    private static Answer read(
            HttpUriRequestBase request, ClassicHttpResponse response, int mostBytes)
            throws IOException {
        if (response.containsHeader(ResponseHeadReader.CUT)) {
            throw new ResponseTooLongException(
                    "the answer's headers have more than "
                            + ResponseHeadReader.MOST_OCTETS / 1024
                            + " KiB");
        }
        Map<String, String> headers = new LinkedHashMap<>();
        for (Header header : response.getHeaders()) {
            headers.putIfAbsent(header.getName().toLowerCase(Locale.ROOT), header.getValue());
        }
        HttpEntity entity = response.getEntity();
        byte[] body = entity == null ? new byte[0] : entity.getContent().readNBytes(mostBytes + 1);
        boolean truncated = body.length > mostBytes;
        if (truncated) {
            // The client would read the rest to keep the connection, however much that is.
            request.abort();
            response.setEntity(null);
        }
        return new Answer(
                response.getCode(),
                Collections.unmodifiableMap(headers),
                truncated ? Arrays.copyOf(body, mostBytes) : body,
                truncated);
    }

    @Override
    public void close() {
        client.close(CloseMode.IMMEDIATE);
    }
}
