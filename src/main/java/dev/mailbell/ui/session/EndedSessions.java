package dev.mailbell.ui.session;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;

/**
 * The sessions that had ended when a request came with them. For two seconds the next requests with
 * them cost no query.
 */
public final class EndedSessions {
    private static final long REMEMBERED = Duration.ofSeconds(2).toNanos();
    private static final int MAX_SESSIONS = 10_000;

    private final LongSupplier nanoTime;

    /** When each was found to have ended. */
    private final Map<UUID, Long> found =
            new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<UUID, Long> eldest) {
                    return size() > MAX_SESSIONS;
                }
            };

    /**
     * @param nanoTime the monotonic clock
     */
    public EndedSessions(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    synchronized void add(UUID session) {
        found.put(session, nanoTime.getAsLong());
    }

    synchronized boolean contains(UUID session) {
        Long at = found.get(session);
        if (at == null) {
            return false;
        }
        if (nanoTime.getAsLong() - at < REMEMBERED) {
            return true;
        }
        found.remove(session);
        return false;
    }
}
