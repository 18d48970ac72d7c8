package dev.mailbell.api.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.Connection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections whose request line and headers take too long. Jetty's idle timeout ends a
 * connection on which nothing arrives; one on which a byte arrives now and then would live for
 * hours, and some thousands of those leave no place for others.
 */
final class SlowHeaders implements Connection.Listener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SlowHeaders.class);

    private final Duration limit;
    private final Map<Connection, Quiet> connections = new ConcurrentHashMap<>();
    private final Thread sweeper;

    /** Since when a connection waits for a request, and what had arrived by then. */
    private record Quiet(long requests, long bytes, long nanoTime) {}

    /**
     * @param limit from the first byte of a request to the end of its headers
     */
    SlowHeaders(Duration limit) {
        this.limit = limit;
        this.sweeper = Thread.ofVirtual().name("slow-headers").start(this::run);
    }

    @Override
    public void onOpened(Connection connection) {
        connections.put(connection, new Quiet(0, 0, System.nanoTime()));
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
                    connections.computeIfPresent(connection, this::judge);
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("no more connections are judged");
        }
    }

    private Quiet judge(Connection connection, Quiet quiet) {
        long now = System.nanoTime();
        long requests = connection.getMessagesIn();
        long bytes = connection.getBytesIn();
        boolean underWay = requests > connection.getMessagesOut();
        boolean nothingNew = requests == quiet.requests() && bytes == quiet.bytes();
        if (underWay || nothingNew || requests != quiet.requests()) {
            return new Quiet(requests, bytes, now);
        }
        if (now - quiet.nanoTime() > limit.toNanos()) {
            LOG.debug("closing a connection whose headers do not come to an end");
            connection.getEndPoint().close();
        }
        return quiet;
    }

    @Override
    public void close() {
        sweeper.interrupt();
    }
}
