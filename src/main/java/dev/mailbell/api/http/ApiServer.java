package dev.mailbell.api.http;

import dev.mailbell.api.http.connector.ConnectionLimit;
import dev.mailbell.api.http.connector.HeaderTimeout;
import dev.mailbell.api.http.connector.JettyErrors;
import dev.mailbell.api.http.connector.Listeners;
import dev.mailbell.api.http.connector.RequestGuard;
import dev.mailbell.api.http.connector.ResponseHeaders;
import dev.mailbell.api.request.BodyBudget;
import dev.mailbell.config.HttpConfig;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http.UriCompliance.Violation;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.Container;
import org.eclipse.jetty.util.component.LifeCycle;

/**
 * The HTTP server: one virtual thread per request. Connections, headers and bodies are bounded also
 * for clients without a key.
 */
public final class ApiServer implements AutoCloseable {
    private static final int IDLE_MILLIS = 30_000;
    private static final int CONNECTIONS = 4_096;
    private static final int HEADER_BYTES = 16 * 1024;

    private static final long STOP_MILLIS = 5_000;
    private static final String LIMIT = "mailbell.connections";

    private final HeaderTimeout headerTimeout = new HeaderTimeout(Duration.ofMillis(IDLE_MILLIS));
    private final ConnectionLimit connections =
            new ConnectionLimit(
                    ConnectionLimit.MAX_UNAUTHENTICATED, ConnectionLimit.MAX_CONNECTIONS);
    private final Listeners listeners;
    private final RequestDeadline deadline;
    private final Javalin javalin;
    private final List<Routes.Declared> routes;

    /**
     * What bounds requests besides the limits of this class.
     *
     * @param bodies the memory of all requests with bodies
     * @param time how long a request may take; asked for each one
     * @param piece how long a client may take to read a piece of a stream
     */
    public record Bounds(BodyBudget bodies, Supplier<Duration> time, Duration piece) {
        /**
         * @param check the longest check that a request may wait for; asked for each request
         */
        public static Bounds besides(Supplier<Duration> check) {
            return new Bounds(
                    BodyBudget.ofHeap(),
                    () -> RequestDeadline.besides(check.get()),
                    RequestDeadline.PIECE);
        }
    }

    /**
     * Binds the addresses and starts to serve.
     *
     * @param metrics records every request
     * @param resources each adds its routes; for a path that two routes match, the first one counts
     * @throws IllegalArgumentException when the certificate's files have a fault
     */
    public ApiServer(
            HttpConfig http,
            Bounds bounds,
            RequestMetrics metrics,
            List<Consumer<Routes>> resources) {
        this.listeners = new Listeners(http);
        this.deadline = new RequestDeadline(bounds.time(), bounds.piece());
        List<Routes.Declared> declared = new ArrayList<>();
        this.javalin =
                Javalin.create(config -> {
                    config.routes.before(context -> {
                        context.attribute(LIMIT, connections);
                        bounds.bodies().attachTo(context);
                        deadline.begin(context, () -> BodyBudget.release(context));
                    });
                    listeners.addTo(config);
                    declared.addAll(configure(config, metrics, resources).declared());
                    config.jetty.modifyServer(server ->
                            server.addEventListener(
                                    new LifeCycle.Listener() {
                                        @Override
                                        public void lifeCycleStarting(LifeCycle event) {
                                            for (Connector it : server.getConnectors()) {
                                                Container.addBean(it, headerTimeout);
                                                Container.addBean(it, connections);
                                            }
                                        }
                                    }));
                });
        this.routes = List.copyOf(declared);
        try {
            javalin.start();
        } catch (RuntimeException e) {
            closeHelpers();
            throw e;
        }
    }

    private void closeHelpers() {
        headerTimeout.close();
        deadline.close();
        listeners.close();
    }

    private static Routes configure(
            JavalinConfig config, RequestMetrics metrics, List<Consumer<Routes>> resources) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.concurrency.useVirtualThreads = true;
        config.http.prefer405over404 = true;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.requestLogger.http(metrics::record);
        config.jetty.modifyServer(ApiServer::limit);
        config.jetty.modifyHttpConfiguration(ApiServer::limit);
        Routes routes = new Routes(config.routes);
        config.routes.before(context -> {
            ResponseHeaders.SECURITY.forEach(context::header);
            routes.attachTo(context);
        });
        ErrorHandler.install(config.routes);
        resources.forEach(resource -> resource.accept(routes));
        // After the filters that find the sender: a body counts for its client.
        config.routes.before(
                Routes.KEYED + "*",
                context -> {
                    if (AccessFilter.isAuthenticated(context)) {
                        BodyBudget.ownedBy(AccessFilter.principal(context).clientId(), context);
                    }
                });
        return routes;
    }

    private static void limit(HttpConfiguration http) {
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
        http.setRequestHeaderSize(HEADER_BYTES);
        http.setIdleTimeout(IDLE_MILLIS);
        http.addCustomizer(new RequestGuard());
        // Mailbox names in the path have encoded slashes and percent signs.
        http.setUriCompliance(
                UriCompliance.from(
                        EnumSet.of(
                                Violation.AMBIGUOUS_PATH_SEPARATOR,
                                Violation.AMBIGUOUS_PATH_ENCODING,
                                Violation.SUSPICIOUS_PATH_CHARACTERS)));
    }

    private static void limit(Server server) {
        server.setErrorHandler(new JettyErrors());
        server.setStopTimeout(STOP_MILLIS);
        server.addBean(new NetworkConnectionLimit(CONNECTIONS, server));
    }

    /** Marks the connection of a request as authenticated. */
    public static void authenticated(Context context) {
        ConnectionLimit connections = context.attribute(LIMIT);
        if (connections != null) {
            connections.authenticated(
                    ServletContextRequest.getServletContextRequest(context.req())
                            .getConnectionMetaData()
                            .getConnection());
        }
    }

    /** The routes with their scopes, in the order in which they are tried. */
    public List<Routes.Declared> routes() {
        return routes;
    }

    /** The port that the server listens on. */
    public int port() {
        return javalin.port();
    }

    /** Accepts no more requests and gives running ones 5 s to end. */
    @Override
    public void close() {
        javalin.stop();
        closeHelpers();
    }

    /** Logs when keys and passwords would cross a network in clear text. */
    public void warnIfExposed() {
        listeners.warnIfExposed();
    }

    /** Reads the files of the certificate again, if the server speaks TLS. */
    public void readCertificateAgain() {
        listeners.readCertificateAgain();
    }
}
