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
 * Wakes those who wait for a client's next event: at once for what this node commits, within {@link
 * #POLL} for what others do. The table is asked only while somebody waits, by one thread for all.
 */
public final class FeedNotifier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FeedNotifier.class);
    private static final Duration POLL = Duration.ofMillis(300);

    private final Jdbi jdbi;
    private final Map<UUID, Set<Listener>> listeners = new HashMap<>();

    /** The newest event that readers can see, by client. */
    private final Map<UUID, String> newest = new HashMap<>();

    private @Nullable Thread poller;
    private boolean closed;

    public FeedNotifier(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** One who waits; a ring that comes while nobody waits is not lost. */
    public final class Listener implements AutoCloseable {
        private final UUID clientId;
        private final Semaphore rings = new Semaphore(0);

        private Listener(UUID clientId) {
            this.clientId = clientId;
        }

        /** Waits for a ring; false when the time is over first. */
        public boolean await(Duration limit) throws InterruptedException {
            boolean rung = rings.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS);
            rings.drainPermits();
            return rung;
        }

        private void ring() {
            rings.release();
        }

        @Override
        public void close() {
            leave(this);
        }
    }

    /** Begins to listen for a client's events. */
    public synchronized Listener listen(UUID clientId) {
        Listener listener = new Listener(clientId);
        listeners.computeIfAbsent(clientId, id -> new HashSet<>()).add(listener);
        if (poller == null && !closed) {
            poller = Thread.ofVirtual().name("event-bell").start(this::poll);
        }
        return listener;
    }

    private synchronized void leave(Listener listener) {
        Set<Listener> others = listeners.get(listener.clientId);
        if (others != null && others.remove(listener) && others.isEmpty()) {
            listeners.remove(listener.clientId);
            newest.remove(listener.clientId);
        }
    }

    /** An event of this client was committed, or may have been. */
    public synchronized void ring(UUID clientId) {
        listeners.getOrDefault(clientId, Set.of()).forEach(Listener::ring);
    }

    private void poll() {
        try {
            while (true) {
                UUID[] clients = waitedFor();
                if (clients.length == 0) {
                    return;
                }
                try {
                    newestOf(clients).forEach(this::compare);
                } catch (RuntimeException e) {
                    // Who reads next meets the same failure, and tells it.
                    LOG.debug("The feed cannot be watched now: {}", e.getMessage());
                }
                Thread.sleep(POLL);
            }
        } catch (InterruptedException stopped) {
            LOG.debug("The feed is no longer watched");
        }
    }

    /** Those with listeners; where there are none the poller has ended with this answer. */
    private synchronized UUID[] waitedFor() {
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
                                    String place = row.getColumn("newest", String.class);
                                    map.put(
                                            row.getColumn("id", UUID.class),
                                            place == null ? "" : place);
                                    return map;
                                }));
    }

    private synchronized void compare(UUID clientId, String place) {
        if (listeners.containsKey(clientId) && !place.equals(newest.put(clientId, place))) {
            ring(clientId);
        }
    }

    /** Wakes everybody and asks the table no more. */
    @Override
    public synchronized void close() {
        closed = true;
        listeners.keySet().forEach(this::ring);
        if (poller != null) {
            poller.interrupt();
        }
    }
}
