package dev.mailbell.api.http.connector;

import dev.mailbell.config.HttpConfig;
import io.javalin.config.JavalinConfig;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports of a server: the configured one, in clear text or with TLS, and, besides, one of
 * loopback in clear text.
 */
public final class Listeners implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);
    private static final String HTTP = "http/1.1";
    private static final String LOOPBACK = "127.0.0.1";

    /** A year, as browsers and tools that preload advise (RFC 6797). */
    private static final long STRICT_TRANSPORT_SECONDS = 31_536_000;

    private final HttpConfig config;
    private final @Nullable ServedCertificate certificate;

    /**
     * @throws IllegalArgumentException when the certificate's files have a fault
     */
    public Listeners(HttpConfig config) {
        this.config = config;
        this.certificate = config.tls() == null ? null : new ServedCertificate(config.tls());
    }

    /** The first connector is the one of the configured port. */
    public void addTo(JavalinConfig javalin) {
        javalin.jetty.addConnector(this::main);
        if (config.loopbackPort() != 0) {
            javalin.jetty.addConnector(
                    (server, http) -> clear(server, http, LOOPBACK, config.loopbackPort()));
        }
    }

    private Connector main(Server server, HttpConfiguration http) {
        if (certificate == null) {
            return clear(server, http, config.host(), config.port());
        }
        HttpConfiguration secure = new HttpConfiguration(http);
        // Clients may use an address, or a name that only their resolver has.
        SecureRequestCustomizer customizer = new SecureRequestCustomizer(false);
        customizer.setStsMaxAge(STRICT_TRANSPORT_SECONDS);
        secure.addCustomizer(customizer);
        return at(
                new ServerConnector(
                        server,
                        new SslConnectionFactory(certificate.contexts(), HTTP),
                        new HttpConnectionFactory(secure)),
                config.host(),
                config.port());
    }

    private static Connector clear(Server server, HttpConfiguration http, String host, int port) {
        return at(new ServerConnector(server, new HttpConnectionFactory(http)), host, port);
    }

    private static Connector at(ServerConnector connector, String host, int port) {
        connector.setHost(host);
        connector.setPort(port);
        return connector;
    }

    /** Logs when keys and passwords would cross a network in clear text. */
    public void warnIfExposed() {
        if (certificate == null && !isLoopback(config.host())) {
            LOG.warn(
                    "The API listens on {} without TLS: keys and passwords cross the network in clear"
                            + " text, unless a proxy with TLS is in front of it. Set http.tls, or"
                            + " http.host to 127.0.0.1",
                    config.host());
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            // The server could not have bound it.
            return false;
        }
    }

    /** Reads the certificate's files again, if there are any. */
    public void readCertificateAgain() {
        if (certificate != null) {
            certificate.readAgain();
        }
    }

    @Override
    public void close() {
        if (certificate != null) {
            certificate.close();
        }
    }
}
