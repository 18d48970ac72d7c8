package dev.mailbell.api.http.connector;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the server able to accept connections. Above {@link #MAX_UNAUTHENTICATED} connections
 * without a valid key, or {@link #MAX_CONNECTIONS} in all, it closes the one that has been idle
 * longest. A connection with a running request is never closed here.
 */
public final class ConnectionLimit implements Connection.Listener {
    /** Connections over which no valid key has come. */
    public static final int MAX_UNAUTHENTICATED = 512;

    /** Below the 4,096 connections of the server's own limit, so that the server never refuses. */
    public static final int MAX_CONNECTIONS = 4_000;

    private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimit.class);

    private final int maxUnauthenticated;
    private final int maxConnections;

    /**
     * Whether a valid key has come over each connection. Ordered by the last key, or the opening
     * where no key has come, longest ago first.
     */
    private final Map<Connection, Boolean> connections = new LinkedHashMap<>();

    private int unauthenticated;

    public ConnectionLimit(int maxUnauthenticated, int maxConnections) {
        this.maxUnauthenticated = maxUnauthenticated;
        this.maxConnections = maxConnections;
    }

    @Override
    public void onOpened(Connection connection) {
        // With TLS a connection has two layers, of which the upper one has the requests.
        if (connection instanceof SslConnection) {
            return;
        }
        List<Connection> toClose = new ArrayList<>();
        synchronized (this) {
            connections.put(connection, false);
            unauthenticated++;
            if (unauthenticated > maxUnauthenticated) {
                addLongestIdle(connection, true, toClose);
            }
            if (connections.size() - toClose.size() > maxConnections) {
                addLongestIdle(connection, false, toClose);
            }
        }
        for (Connection idle : toClose) {
            LOG.debug("Closing an idle connection to make room for others");
            idle.getEndPoint().close();
        }
    }

    private void addLongestIdle(
            Connection newest, boolean unauthenticatedOnly, List<Connection> toClose) {
        for (Map.Entry<Connection, Boolean> entry : connections.entrySet()) {
            Connection candidate = entry.getKey();
            boolean eligible = candidate != newest && !(unauthenticatedOnly && entry.getValue());
            if (eligible && !toClose.contains(candidate) && isIdle(candidate)) {
                toClose.add(candidate);
                return;
            }
        }
    }

    private static boolean isIdle(Connection connection) {
        return connection.getMessagesIn() <= connection.getMessagesOut();
    }

    @Override
    public synchronized void onClosed(Connection connection) {
        Boolean wasAuthenticated = connections.remove(connection);
        if (wasAuthenticated != null && !wasAuthenticated) {
            unauthenticated--;
        }
    }

    /** A request with a valid key came over the connection. */
    public synchronized void authenticated(Connection connection) {
        Boolean wasAuthenticated = connections.remove(connection);
        if (wasAuthenticated != null) {
            connections.put(connection, true);
            if (!wasAuthenticated) {
                unauthenticated--;
            }
        }
    }
}
