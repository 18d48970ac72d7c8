package dev.mailbell.api.http.connector;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections whose request line and headers, or TLS handshake, take too long to arrive.
 * Jetty's idle timeout closes a connection on which nothing arrives. A client that sends one byte
 * now and then would hold its connection for hours, and some thousands of them would lock out all
 * others.
 */
public final class HeaderTimeout implements Connection.Listener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HeaderTimeout.class);

    private final Duration limit;
    private final Map<Connection, Progress> connections = new ConcurrentHashMap<>();
    private final Thread sweeper;

    /** The time since which a connection waits for a request, and what had arrived by then. */
    private record Progress(long requests, long bytes, long nanoTime) {}

    /**
     * @param limit from the first byte of a request to the end of its headers
     */
    public HeaderTimeout(Duration limit) {
        this.limit = limit;
        this.sweeper = Thread.ofVirtual().name("header-timeout").start(this::run);
    }

    @Override
    public void onOpened(Connection connection) {
        connections.put(connection, new Progress(0, 0, System.nanoTime()));
    }

    @Override
    public void onClosed(Connection connection) {
        connections.remove(connection);
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(limit.dividedBy(4));
                for (Connection connection : connections.keySet()) {
                    connections.computeIfPresent(connection, this::closeIfLate);
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("The header timeout is no longer enforced");
        }
    }

    private Progress closeIfLate(Connection connection, Progress before) {
        long now = System.nanoTime();
        if (connection instanceof SslConnection tls) {
            // The upper layer sees no bytes of a handshake; once it is over, this layer is not
            // watched.
            if (!tls.getSSLEngine().getSession().isValid()
                    && now - before.nanoTime() > limit.toNanos()) {
                LOG.debug("Closing a connection whose TLS handshake takes too long");
                connection.getEndPoint().close();
            }
            return before;
        }
        long requests = connection.getMessagesIn();
        long bytes = connection.getBytesIn();
        boolean running = requests > connection.getMessagesOut();
        boolean nothingNew = requests == before.requests() && bytes == before.bytes();
        if (running || nothingNew || requests != before.requests()) {
            return new Progress(requests, bytes, now);
        }
        if (now - before.nanoTime() > limit.toNanos()) {
            LOG.debug("Closing a connection whose headers take too long");
            connection.getEndPoint().close();
        }
        return before;
    }

    @Override
    public void close() {
        sweeper.interrupt();
    }
}
