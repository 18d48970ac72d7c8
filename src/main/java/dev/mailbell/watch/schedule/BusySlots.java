package dev.mailbell.watch.schedule;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Slots for the checks of busy accounts, whose servers push mail all the time: 50 a second for all
 * such accounts of this node together. Each account has one slot at a time, so that they alternate;
 * clients with such accounts share the slots evenly. Safe for many threads.
 */
public final class BusySlots {
    private static final long EACH = TimeUnit.MILLISECONDS.toNanos(20);

    /** Beyond that an account waits no longer, however many there are. */
    private static final long FARTHEST = TimeUnit.SECONDS.toNanos(5);

    /** When the next slot is, of each client that has reserved one after now. */
    private final Map<UUID, Long> next = new HashMap<>();

    /** The slots of one client. */
    @FunctionalInterface
    public interface OfClient {
        /** Takes the next slot; answers how many nanoseconds from now it is. */
        long reserve(long now);
    }

    public OfClient of(UUID client) {
        return now -> reserve(client, now);
    }

    private synchronized long reserve(UUID client, long now) {
        next.values().removeIf(slot -> slot - now <= 0);
        long slot = Math.clamp(next.getOrDefault(client, now) - now, 0, FARTHEST);
        // First this, so that the size counts this client.
        next.put(client, now + slot + EACH);
        next.put(client, now + slot + EACH * next.size());
        return slot;
    }
}
