package dev.mailbell.api.event;

import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.event.FeedNotifier;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** The streams of events that are open: so many for each client, so many in all. */
public final class EventStreams implements AutoCloseable {
    /** Each holds a connection and a thread that waits, and costs a query for each event. */
    public static final int OF_ONE_CLIENT = 32;

    static final int OF_ALL = 1_024;
    private static final Duration LATER = Duration.ofSeconds(10);

    private final FeedNotifier bell;
    private final Map<UUID, Integer> open = new HashMap<>();
    private int all;
    private volatile boolean closing;

    public EventStreams(FeedNotifier bell) {
        this.bell = bell;
    }

    /** A place among the streams, and the bell that is rung for it. */
    final class Place implements AutoCloseable {
        private final UUID clientId;
        private final FeedNotifier.Listener listener;

        private Place(UUID clientId) {
            this.clientId = clientId;
            this.listener = bell.listen(clientId);
        }

        /** Waits for a sign that there are events, or until the time is over. */
        void await(Duration limit) throws InterruptedException {
            listener.await(limit);
        }

        @Override
        public void close() {
            listener.close();
            leave(clientId);
        }
    }

    /**
     * @throws ProblemException 429 when there are too many
     */
    synchronized Place enter(UUID clientId) {
        if (closing) {
            throw new ProblemException(Problem.unavailable("the daemon is stopping"));
        }
        int ofClient = open.getOrDefault(clientId, 0);
        if (ofClient >= OF_ONE_CLIENT || all >= OF_ALL) {
            String most =
                    ofClient >= OF_ONE_CLIENT
                            ? OF_ONE_CLIENT + " streams of one client"
                            : OF_ALL + " streams of all clients";
            throw new ProblemException(
                    Problem.of(
                                    429,
                                    "too-many-streams",
                                    "Too many streams are open",
                                    "at most "
                                            + most
                                            + " may be open at once; close one, or page"
                                            + " GET /v1/events")
                            .retryAfter(LATER));
        }
        open.put(clientId, ofClient + 1);
        all++;
        return new Place(clientId);
    }

    private synchronized void leave(UUID clientId) {
        open.computeIfPresent(clientId, (id, count) -> count > 1 ? count - 1 : null);
        all--;
    }

    synchronized int count() {
        return all;
    }

    boolean isClosing() {
        return closing;
    }

    /** Lets every stream end after what it is writing. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
        }
        bell.close();
    }
}
