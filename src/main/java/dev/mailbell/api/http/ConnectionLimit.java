package dev.mailbell.api.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.io.Connection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps room for the next connection. Connections over which no known key came and that wait for a
 * request are bounded, and so are all that wait: beyond the bound the one that waits longest is
 * closed. A connection with a request under way is never closed here.
 */
public final class ConnectionLimit implements Connection.Listener {
    /** Without a known key. */
    public static final int STRANGERS = 512;

    /** Below what the server accepts, so that it always accepts. */
    static final int ALL = 4_000;

    private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimit.class);

    private final int strangersAtMost;
    private final int atMost;

    /**
     * Whether a known key came over it; the one whose key or opening was seen longest ago first.
     */
    private final Map<Connection, Boolean> known = new LinkedHashMap<>();

    private int strangers;

    ConnectionLimit(int strangersAtMost, int atMost) {
        this.strangersAtMost = strangersAtMost;
        this.atMost = atMost;
    }

    @Override
    public void onOpened(Connection connection) {
        List<Connection> superfluous = new ArrayList<>();
        synchronized (this) {
            known.put(connection, false);
            strangers++;
            if (strangers > strangersAtMost) {
                longestWaiting(connection, true, superfluous);
            }
            if (known.size() - superfluous.size() > atMost) {
                longestWaiting(connection, false, superfluous);
            }
        }
        for (Connection each : superfluous) {
            LOG.debug("closing a connection that waits, to keep room for others");
            each.getEndPoint().close();
        }
    }

    private void longestWaiting(
            Connection newest, boolean strangersOnly, List<Connection> superfluous) {
        for (Map.Entry<Connection, Boolean> entry : known.entrySet()) {
            Connection each = entry.getKey();
            boolean candidate = each != newest && !(strangersOnly && entry.getValue());
            if (candidate && !superfluous.contains(each) && waits(each)) {
                superfluous.add(each);
                return;
            }
        }
    }

    private static boolean waits(Connection connection) {
        return connection.getMessagesIn() <= connection.getMessagesOut();
    }

    @Override
    public synchronized void onClosed(Connection connection) {
        Boolean wasKnown = known.remove(connection);
        if (wasKnown != null && !wasKnown) {
            strangers--;
        }
    }

    /** A request with a known key came over it. */
    synchronized void authenticated(Connection connection) {
        Boolean wasKnown = known.remove(connection);
        if (wasKnown != null) {
            known.put(connection, true);
            if (!wasKnown) {
                strangers--;
            }
        }
    }
}
