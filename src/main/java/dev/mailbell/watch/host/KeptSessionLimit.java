package dev.mailbell.watch.host;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.mailbell.fairness.KnownClients;
import dev.mailbell.fairness.Shares;
import java.lang.management.ManagementFactory;
import java.util.UUID;

/**
 * Permits for the sessions that this node may keep from check to check, which clients share. Safe
 * for many threads.
 */
public final class KeptSessionLimit {
    private static final long DESCRIPTORS_FOR_OTHERS = 3_000;
    private static final int LEAST_KEPT = 100;
    private static final int MOST_KEPT = 1_000_000;
    private static final int KEPT_ELSEWHERE = 10_000;

    private final Shares permits;

    /**
     * @param known the clients of this node
     */
    public KeptSessionLimit(int number, KnownClients known) {
        permits = new Shares(number, known);
    }

    /** Takes a permit if one is free for the client. */
    synchronized boolean tryAcquire(UUID client) {
        boolean free = permits.mayTake(client);
        permits.add(client, free ? 1 : 0);
        return free;
    }

    /** Whether the client need not give back a permit for clients with fewer. */
    synchronized boolean mayKeepAll(UUID client) {
        return permits.mayKeepAll(client);
    }

    synchronized void release(UUID client) {
        permits.add(client, -1);
    }

    /** As many kept sessions as file descriptors allow, with enough left for everything else. */
    public static int descriptors() {
        return ManagementFactory.getOperatingSystemMXBean()
                        instanceof UnixOperatingSystemMXBean unix
                ? (int)
                        Math.clamp(
                                unix.getMaxFileDescriptorCount() - DESCRIPTORS_FOR_OTHERS,
                                LEAST_KEPT,
                                MOST_KEPT)
                : KEPT_ELSEWHERE;
    }
}
