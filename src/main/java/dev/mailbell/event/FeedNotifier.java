package dev.mailbell.event;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifies listeners of new events in a client's feed: at once of the commits of this node, and
 * within {@link #POLL} of those of other nodes. One thread polls the table for all listeners, and
 * only while there are some.
 */
public final class FeedNotifier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FeedNotifier.class);
    private static final Duration POLL = Duration.ofMillis(300);

    private final Jdbi jdbi;
    private final Map<UUID, Set<Listener>> listeners = new HashMap<>();

    /** The position of the newest visible event, by client. */
    private final Map<UUID, String> newest = new HashMap<>();

    private @Nullable Thread poller;
    private boolean closed;

    public FeedNotifier(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Waits for events of one client; a notification between two waits is not lost. */
    public final class Listener implements AutoCloseable {
        private final UUID clientId;
        private final Semaphore notifications = new Semaphore(0);

        private Listener(UUID clientId) {
            this.clientId = clientId;
        }

        /** Waits for a notification; false when the limit passes first. */
        public boolean await(Duration limit) throws InterruptedException {
            boolean notified = notifications.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS);
            notifications.drainPermits();
            return notified;
        }

        private void signal() {
            notifications.release();
        }

        @Override
        public void close() {
            remove(this);
        }
    }

    /** Begins to listen for a client's events. */
    public synchronized Listener listen(UUID clientId) {
        Listener listener = new Listener(clientId);
        listeners.computeIfAbsent(clientId, id -> new HashSet<>()).add(listener);
        if (poller == null && !closed) {
            poller = Thread.ofVirtual().name("feed-notifier").start(this::poll);
        }
        return listener;
    }

    private synchronized void remove(Listener listener) {
        Set<Listener> others = listeners.get(listener.clientId);
        if (others != null && others.remove(listener) && others.isEmpty()) {
            listeners.remove(listener.clientId);
            newest.remove(listener.clientId);
        }
    }

    /** An event of this client was committed, or may have been. */
    public synchronized void committed(UUID clientId) {
        listeners.getOrDefault(clientId, Set.of()).forEach(Listener::signal);
    }

    private void poll() {
        try {
            while (true) {
                UUID[] clients = clientsWithListeners();
                if (clients.length == 0) {
                    return;
                }
                try {
                    newestOf(clients).forEach(this::compare);
                } catch (RuntimeException e) {
                    // A request that reads the feed meets the same failure and reports it.
                    LOG.debug("The feed cannot be polled now: {}", e.getMessage());
                }
                Thread.sleep(POLL);
            }
        } catch (InterruptedException stopped) {
            LOG.debug("The feed is no longer polled");
        }
    }

    /** The clients to poll for; without any, the poller ends with this answer. */
    private synchronized UUID[] clientsWithListeners() {
        if (listeners.isEmpty()) {
            poller = null;
        }
        return listeners.keySet().toArray(UUID[]::new);
    }

    private Map<UUID, String> newestOf(UUID[] clients) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select c.id, (select e.tx || '/' || e.id from event e
                                    where e.client_id = c.id and e.tx < pg_snapshot_xmin(pg_current_snapshot())
                                    order by e.tx desc, e.id desc limit 1) as newest
                                from unnest(:clients) c (id)\
                                """)
                        .bind("clients", clients)
                        .reduceRows(
                                new HashMap<UUID, String>(),
                                (map, row) -> {
                                    String position = row.getColumn("newest", String.class);
                                    map.put(
                                            row.getColumn("id", UUID.class),
                                            position == null ? "" : position);
                                    return map;
                                }));
    }

    private synchronized void compare(UUID clientId, String position) {
        if (listeners.containsKey(clientId) && !position.equals(newest.put(clientId, position))) {
            committed(clientId);
        }
    }

    /** Wakes all listeners and stops to poll. */
    @Override
    public synchronized void close() {
        closed = true;
        listeners.keySet().forEach(this::committed);
        if (poller != null) {
            poller.interrupt();
        }
    }
}
