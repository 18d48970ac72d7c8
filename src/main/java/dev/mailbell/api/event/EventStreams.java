package dev.mailbell.api.event;

import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.event.FeedNotifier;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Counts the open event streams and limits them per client and in total. */
public final class EventStreams implements AutoCloseable {
    /** A stream costs a connection, a waiting virtual thread and a query per event. */
    static final int MAX_PER_CLIENT = 32;

    static final int MAX_TOTAL = 1_024;
    private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

    private final FeedNotifier notifier;
    private final Map<UUID, Integer> open = new HashMap<>();
    private int all;
    private volatile boolean closing;

    public EventStreams(FeedNotifier notifier) {
        this.notifier = notifier;
    }

    /** One open stream, woken when its client has new events. */
    final class Subscription implements AutoCloseable {
        private final UUID clientId;
        private final FeedNotifier.Listener listener;

        private Subscription(UUID clientId) {
            this.clientId = clientId;
            this.listener = notifier.listen(clientId);
        }

        /** Waits until there may be new events; false when {@code limit} has passed first. */
        boolean await(Duration limit) throws InterruptedException {
            return listener.await(limit);
        }

        @Override
        public void close() {
            listener.close();
            release(clientId);
        }
    }

    /**
     * @throws ProblemException 429 when too many streams are open
     */
    synchronized Subscription open(UUID clientId) {
        if (closing) {
            throw new ProblemException(Problem.unavailable("the daemon is stopping"));
        }
        int ofClient = open.getOrDefault(clientId, 0);
        if (ofClient >= MAX_PER_CLIENT || all >= MAX_TOTAL) {
            String most =
                    ofClient >= MAX_PER_CLIENT
                            ? MAX_PER_CLIENT + " streams of one client"
                            : MAX_TOTAL + " streams of all clients";
            throw new ProblemException(
                    Problem.of(
                                    429,
                                    "too-many-streams",
                                    "Too many streams are open",
                                    "at most "
                                            + most
                                            + " may be open at once; close one, or page"
                                            + " GET /v1/events")
                            .retryAfter(RETRY_AFTER));
        }
        open.put(clientId, ofClient + 1);
        all++;
        return new Subscription(clientId);
    }

    private synchronized void release(UUID clientId) {
        open.computeIfPresent(clientId, (id, count) -> count > 1 ? count - 1 : null);
        all--;
    }

    synchronized int count() {
        return all;
    }

    boolean isClosing() {
        return closing;
    }

    /** Wakes every stream; each ends after its current write. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
        }
        notifier.close();
    }
}
