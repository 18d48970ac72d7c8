package dev.mailbell.routing.notice;

import dev.mailbell.database.Database;
import dev.mailbell.routing.notice.NoticeTable.Notice;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes changes on to what keeps the rows in memory. A listener that fails gets its changes again
 * with those of all others; after some times they are passed over, so that the others get later
 * ones. While the database is away they are not passed over.
 */
final class NoticeListeners {
    private static final Logger LOG = LoggerFactory.getLogger(NoticeListeners.class);
    private static final int MAX_FAILURES = 3;

    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final List<Runnable> reconnects = new CopyOnWriteArrayList<>();
    private int failures;

    private record Listener(
            Set<NoticeKind> kinds, Consumer<Set<UUID>> changed, Runnable allChanged) {}

    /** A listener failed: everything since the last success is to be passed on again. */
    static final class ListenerFailedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ListenerFailedException(RuntimeException cause) {
            super(cause);
        }
    }

    void add(Set<NoticeKind> kinds, Consumer<Set<UUID>> changed, Runnable allChanged) {
        listeners.add(new Listener(Set.copyOf(kinds), changed, allChanged));
    }

    void addReconnect(Runnable reconnect) {
        reconnects.add(reconnect);
    }

    /**
     * @throws ListenerFailedException when one of them failed
     */
    void reconnected() {
        reconnects.forEach(reconnect ->
                call(reconnect, () -> LOG.error("What a failover may have lost was not read")));
    }

    /**
     * @throws ListenerFailedException when one of them failed
     */
    void changed(List<Notice> notices) {
        Map<NoticeKind, Set<UUID>> changes = new EnumMap<>(NoticeKind.class);
        for (Notice notice : notices) {
            notice.kind()
                    .ifPresent(kind ->
                            changes.computeIfAbsent(kind, it -> new LinkedHashSet<>())
                                    .add(notice.subject()));
        }
        changes.forEach((kind, subjects) -> {
            for (Listener listener : listeners) {
                if (listener.kinds().contains(kind)) {
                    call(
                            () -> listener.changed().accept(subjects),
                            () -> oneByOne(listener, subjects));
                }
            }
        });
    }

    /**
     * @throws ListenerFailedException when one of them failed
     */
    void allChanged() {
        listeners.forEach(
                listener -> call(listener.allChanged(), () -> LOG.error("Changes were missed")));
    }

    /** Everything was passed on. */
    void succeeded() {
        failures = 0;
    }

    /** One change that cannot be taken over must not take the others along. */
    private static void oneByOne(Listener listener, Set<UUID> subjects) {
        for (UUID subject : subjects) {
            try {
                listener.changed().accept(Set.of(subject));
            } catch (RuntimeException e) {
                if (Database.isAway(e)) {
                    throw new ListenerFailedException(e);
                }
                LOG.error("The change of {} by another node was not taken over", subject, e);
            }
        }
    }

    /**
     * @param last what is done instead when it has failed too often
     */
    private void call(Runnable listener, Runnable last) {
        try {
            listener.run();
        } catch (RuntimeException e) {
            boolean away = Database.isAway(e);
            if (!away && failures >= MAX_FAILURES) {
                last.run();
                return;
            }
            failures += away ? 0 : 1;
            if (away) {
                LOG.debug("Changes of other nodes wait: {}", Database.reason(e));
            } else {
                LOG.warn("A change of another node is not taken over; it is tried again", e);
            }
            throw new ListenerFailedException(e);
        }
    }
}
