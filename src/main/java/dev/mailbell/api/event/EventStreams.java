package dev.mailbell.api.event;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.event.FeedNotifier;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Counts the open event streams and limits them. Those of pages have limits of their own, so that
 * an open page takes no stream of a program.
 */
public final class EventStreams implements AutoCloseable {
    /** A stream costs a connection, a waiting virtual thread and a query per event. */
    static final int MAX_PER_CLIENT = 32;

    static final int MAX_TOTAL = 1_024;

    public static final int MAX_PAGES_PER_SESSION = 4;
    public static final int MAX_PAGES_PER_CLIENT = 8;
    private static final int MAX_PAGES = 256;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

    /** Stands for all clients. */
    private static final UUID ALL = new UUID(0, 0);

    private final FeedNotifier notifier;
    private final Map<Place, Integer> open = new HashMap<>();
    private volatile boolean closing;

    public EventStreams(FeedNotifier notifier) {
        this.notifier = notifier;
    }

    /** What has a limit. */
    private enum Of {
        CLIENT(MAX_PER_CLIENT, "streams of one client"),
        EVERYBODY(MAX_TOTAL, "streams of all clients"),
        SESSION(MAX_PAGES_PER_SESSION, "pages with events of one session"),
        PAGES_OF_CLIENT(MAX_PAGES_PER_CLIENT, "pages with the events of one client"),
        ALL_PAGES(MAX_PAGES, "pages with events");

        private final int most;
        private final String what;

        Of(int most, String what) {
            this.most = most;
            this.what = what;
        }
    }

    /** Where a stream counts. */
    private record Place(Of of, UUID id) {}

    /** One open stream, woken when its client has new events. */
    final class Subscription implements AutoCloseable {
        private final List<Place> places;
        private final FeedNotifier.Listener listener;

        private Subscription(UUID clientId, List<Place> places) {
            this.places = places;
            this.listener = notifier.listen(clientId);
        }

        /** Waits until there may be new events; false when {@code limit} has passed first. */
        boolean await(Duration limit) throws InterruptedException {
            return listener.await(limit);
        }

        @Override
        public void close() {
            listener.close();
            release(places);
        }
    }

    /**
     * Opens the stream of a program.
     *
     * @throws ProblemException 429 when too many streams are open
     */
    Subscription open(UUID clientId) {
        return open(
                clientId, List.of(new Place(Of.CLIENT, clientId), new Place(Of.EVERYBODY, ALL)));
    }

    /**
     * Opens the stream of a page.
     *
     * @param session of the browser
     * @throws ProblemException 429 when too many streams of pages are open
     */
    Subscription openOfPage(UUID clientId, UUID session) {
        return open(
                clientId,
                List.of(
                        new Place(Of.SESSION, session),
                        new Place(Of.PAGES_OF_CLIENT, clientId),
                        new Place(Of.ALL_PAGES, ALL)));
    }

    private synchronized Subscription open(UUID clientId, List<Place> places) {
        if (closing) {
            throw new ProblemException(Problem.unavailable("the daemon is stopping"));
        }
        for (Place place : places) {
            if (open.getOrDefault(place, 0) >= place.of().most) {
                throw new ProblemException(
                        Problem.of(
                                        429,
                                        "too-many-streams",
                                        "Too many streams are open",
                                        "at most "
                                                + place.of().most
                                                + " "
                                                + place.of().what
                                                + " may be open at once; close one, or page"
                                                + " GET /v1/events")
                                .retryAfter(RETRY_AFTER));
            }
        }
        places.forEach(place -> open.merge(place, 1, Integer::sum));
        return new Subscription(clientId, places);
    }

    private synchronized void release(List<Place> places) {
        places.forEach(place ->
                open.computeIfPresent(place, (any, count) -> count > 1 ? count - 1 : null));
    }

    synchronized int count() {
        return open.getOrDefault(new Place(Of.EVERYBODY, ALL), 0)
                + open.getOrDefault(new Place(Of.ALL_PAGES, ALL), 0);
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
