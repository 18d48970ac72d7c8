package dev.mailbell.e2e.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** The sessions as the mail server saw them: whose, of which node, from when until when. */
final class SessionLog {
    private static final long OPEN = Long.MAX_VALUE;

    private final Map<String, Queue<Session>> byUser = new ConcurrentHashMap<>();

    /** Times are of {@link System#nanoTime}. */
    static final class Session {
        private final int node;
        private final long begun;
        private volatile long ended = OPEN;

        private Session(int node, long begun) {
            this.node = node;
            this.begun = begun;
        }

        int node() {
            return node;
        }

        boolean isOpen() {
            return ended == OPEN;
        }
    }

    Session begin(String user, int node) {
        Session session = new Session(node, System.nanoTime());
        byUser.computeIfAbsent(user, name -> new ConcurrentLinkedQueue<>()).add(session);
        return session;
    }

    void end(Session session) {
        session.ended = System.nanoTime();
    }

    /** The open sessions of a user. */
    List<Session> open(String user) {
        return byUser.getOrDefault(user, new ConcurrentLinkedQueue<>()).stream()
                .filter(Session::isOpen)
                .toList();
    }

    /** How many sessions a node has begun since a time. */
    long begunBy(int node, long since) {
        return byUser.values().stream()
                .flatMap(Queue::stream)
                .filter(session -> session.node == node && session.begun - since >= 0)
                .count();
    }

    /**
     * The pairs of sessions of one user that lasted at the same time for longer than a limit. The
     * time in which a node was frozen does not count: it cannot end its sessions then.
     */
    List<String> overlaps(Freezes freezes, Duration limit) {
        List<String> faults = new ArrayList<>();
        long now = System.nanoTime();
        byUser.forEach((user, all) -> {
            List<Session> open = new ArrayList<>();
            for (Session session :
                    all.stream().sorted(Comparator.comparingLong(s -> s.begun)).toList()) {
                open.removeIf(earlier -> earlier.ended <= session.begun);
                for (Session earlier : open) {
                    long end = Math.min(Math.min(earlier.ended, session.ended), now);
                    long both = freezes.awake(earlier.node, session.node, session.begun, end);
                    if (both > limit.toNanos()) {
                        faults.add(
                                "%s had sessions of nodes %d and %d at once for %d ms"
                                        .formatted(
                                                user,
                                                earlier.node,
                                                session.node,
                                                TimeUnit.NANOSECONDS.toMillis(both)));
                    }
                }
                open.add(session);
            }
        });
        return faults;
    }
}
