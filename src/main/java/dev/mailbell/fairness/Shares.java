package dev.mailbell.fairness;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * A number of permits that clients share. A client that is alone may take all. Once there is a
 * second one, an eighth is left to clients that hold less than an equal share, and one such share
 * is always reckoned for a client that holds none: so the first permits of a client are free
 * whatever another holds, and however long it holds it. For one thread at a time.
 */
public final class Shares {
    private static final int RESERVED_DIVISOR = 8;

    private final Map<UUID, Integer> held = new HashMap<>();
    private int limit;
    private int taken;
    private final KnownClients known;

    /** Permits that are first shared once a second client asks for some of them. */
    public Shares(int limit) {
        this(limit, new KnownClients());
    }

    /** Permits that are shared once there are several clients. */
    public Shares(int limit, KnownClients known) {
        this.limit = limit;
        this.known = known;
    }

    /** Sets the number of permits; those beyond it that are taken stay taken. */
    public void resize(int now) {
        limit = now;
    }

    /** Whether the client may take another permit now. */
    public boolean mayTake(UUID client) {
        notice(client);
        if (taken >= limit) {
            return false;
        }
        int own = taken(client);
        // The clients that hold permits, this one, and one that holds none yet.
        long sharers = held.size() + (own == 0 ? 2L : 1L);
        return !known.areSeveral() || taken < limit - reserved() || own * sharers < limit;
    }

    /**
     * Whether the client may keep all that it holds, because it might take the last of its permits
     * again.
     */
    public boolean mayKeepAll(UUID client) {
        long others = taken(client) - 1L;
        return taken <= limit
                && (!known.areSeveral()
                        || taken <= limit - reserved()
                        || others * (held.size() + 1L) < limit);
    }

    /** Notes that there is this client, which may ask for a permit. */
    public void notice(UUID client) {
        known.add(client);
    }

    private int reserved() {
        return limit < 2 ? 0 : Math.max(1, limit / RESERVED_DIVISOR);
    }

    /**
     * Counts permits that the client takes or gives back.
     *
     * @param change positive for permits that it takes, whether or not it {@linkplain #mayTake may}
     */
    public void add(UUID client, int change) {
        if (change == 0) {
            return;
        }
        notice(client);
        taken += change;
        held.merge(client, change, (before, more) -> before + more == 0 ? null : before + more);
        if (taken < 0 || held.getOrDefault(client, 0) < 0) {
            throw new IllegalStateException("a permit was given back twice");
        }
    }

    public int taken() {
        return taken;
    }

    public int taken(UUID client) {
        return held.getOrDefault(client, 0);
    }
}
