package dev.mailbell.watch.host;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Kept sessions of one host that no thread uses now. One after the other is dismissed where others
 * wait for its connection. For one thread at a time.
 */
final class RestingSessions {
    /** A dismissal that takes longer delays the next one no more. */
    private static final long LONGEST_DISMISSAL = TimeUnit.SECONDS.toNanos(5);

    /** The sessions with their clients, the one that has rested longest first. */
    private final SequencedMap<RestingSession, UUID> resting = new LinkedHashMap<>();

    private boolean dismissing;
    private long dismissedAt;

    void add(UUID client, RestingSession session) {
        resting.putIfAbsent(session, client);
    }

    void remove(RestingSession session) {
        resting.remove(session);
    }

    /**
     * Dismisses the session that has rested longest among those of the clients, unless another is
     * being dismissed.
     *
     * @return false when there is no such session
     */
    boolean dismissOne(Predicate<UUID> clients, long now) {
        if (dismissing && now - dismissedAt < LONGEST_DISMISSAL) {
            return true;
        }
        Optional<RestingSession> longest =
                resting.entrySet().stream()
                        .filter(entry -> clients.test(entry.getValue()))
                        .map(Map.Entry::getKey)
                        .findFirst();
        longest.ifPresent(session -> {
            dismissing = true;
            dismissedAt = now;
            resting.remove(session);
            Thread.ofVirtual().name("dismissal").start(session::dismiss);
        });
        return longest.isPresent();
    }

    /** A connection was closed, so that another session may be dismissed. */
    void closed() {
        dismissing = false;
    }
}
