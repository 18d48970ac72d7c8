package dev.mailbell.api.http;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http.UriCompliance.Violation;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.Container;
import org.eclipse.jetty.util.component.LifeCycle;

/** The HTTP server: one virtual thread a request, limits on everything a stranger can send. */
public final class ApiServer implements AutoCloseable {
    private static final int IDLE_MILLIS = 30_000;
    private static final int CONNECTIONS = 4_096;
    private static final int HEADER_BYTES = 16 * 1024;

    private static final long STOP_MILLIS = 5_000;
    private static final String LIMIT = "mailbell.connections";

    private final SlowHeaders slowHeaders = new SlowHeaders(Duration.ofMillis(IDLE_MILLIS));
    private final ConnectionLimit connections =
            new ConnectionLimit(ConnectionLimit.STRANGERS, ConnectionLimit.ALL);
    private final Javalin javalin;

    /**
     * Binds the address and serves.
     *
     * @param port 0 for any that is free
     * @param times where every request is counted
     * @param resources what adds its routes, in the order in which they are asked
     */
    public ApiServer(String host, int port, RequestTimes times, List<Consumer<Routes>> resources) {
        this.javalin =
                Javalin.create(config -> {
                    config.routes.before(context -> context.attribute(LIMIT, connections));
                    configure(config, times, resources);
                    config.jetty.modifyServer(server ->
                            server.addEventListener(
                                    new LifeCycle.Listener() {
                                        @Override
                                        public void lifeCycleStarting(LifeCycle event) {
                                            for (Connector it : server.getConnectors()) {
                                                Container.addBean(it, slowHeaders);
                                                Container.addBean(it, connections);
                                            }
                                        }
                                    }));
                });
        try {
            javalin.start(host, port);
        } catch (RuntimeException e) {
            slowHeaders.close();
            throw e;
        }
    }

    private static void configure(
            JavalinConfig config, RequestTimes times, List<Consumer<Routes>> resources) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.concurrency.useVirtualThreads = true;
        config.http.prefer405over404 = true;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.requestLogger.http(times::record);
        config.jetty.modifyServer(ApiServer::limit);
        config.jetty.modifyHttpConfiguration(ApiServer::limit);
        Routes routes = new Routes(config.routes);
        config.routes.before(context -> {
            ResponseHeaders.SECURITY.forEach(context::header);
            routes.attachTo(context);
        });
        ErrorHandler.install(config.routes);
        resources.forEach(resource -> resource.accept(routes));
    }

    private static void limit(HttpConfiguration http) {
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
        http.setRequestHeaderSize(HEADER_BYTES);
        http.setIdleTimeout(IDLE_MILLIS);
        // Names of mailboxes have slashes and percent signs, and come encoded in the path.
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

    /** A request came with a known key: its connection is no stranger's. */
    static void authenticated(Context context) {
        ConnectionLimit connections = context.attribute(LIMIT);
        if (connections != null) {
            connections.authenticated(
                    ServletContextRequest.getServletContextRequest(context.req())
                            .getConnectionMetaData()
                            .getConnection());
        }
    }

    /** The port that is listened on. */
    public int port() {
        return javalin.port();
    }

    /** Takes no more requests, and lets those under way end within 5 s. */
    @Override
    public void close() {
        javalin.stop();
        slowHeaders.close();
    }
}
