package dev.mailbell.cluster.ownership;

import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls the parts of the daemon that work by shards, one after the other in the order of their
 * registration. A call that does not end in time is interrupted and left behind, so that it cannot
 * keep the shards from other nodes for ever.
 */
public final class ShardOwners {
    /** How long after its deadline a call may still end, twice: then it is interrupted first. */
    public static final Duration GRACE = Duration.ofSeconds(2);

    private static final Duration LEAST = Duration.ofSeconds(2);

    /** {@link ShardOwner#acquired} returns soon. */
    private static final Duration ACQUIRE = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(ShardOwners.class);

    private final List<ShardOwner> owners = new CopyOnWriteArrayList<>();

    private interface Call {
        void run() throws InterruptedException;
    }

    public void add(ShardOwner owner) {
        owners.add(owner);
    }

    /**
     * @return false when one of them failed: then all of them must be called by {@link #lost}
     */
    public boolean acquired(Set<Integer> shards) throws InterruptedException {
        for (ShardOwner owner : owners) {
            if (!called("acquire", shards, Deadline.after(ACQUIRE), () -> owner.acquired(shards))) {
                return false;
            }
        }
        return true;
    }

    /** Ends the work of shards within about that time. */
    public void released(Set<Integer> shards, Duration limit) throws InterruptedException {
        Deadline deadline = Deadline.after(limit);
        for (ShardOwner owner : owners) {
            // What one of them has used up does not count for the next.
            Deadline own =
                    limit.isZero() || deadline.remaining().compareTo(LEAST) > 0
                            ? deadline
                            : Deadline.after(LEAST);
            called("release", shards, own, () -> owner.released(shards, own));
        }
    }

    /** Another node owns these shards already: whatever still runs is cut off. */
    public void lost(Set<Integer> shards) throws InterruptedException {
        released(shards, Duration.ZERO);
    }

    /** Whether a part of the daemon still begins the work of shards that were acquired. */
    public boolean isBusy() {
        return owners.stream().anyMatch(ShardOwner::isBusy);
    }

    public void suspended() {
        for (ShardOwner owner : owners) {
            try {
                owner.suspended();
            } catch (RuntimeException | Error e) {
                LOG.error("A part of the daemon failed to suspend its work", e);
            }
        }
    }

    private static boolean called(String verb, Set<Integer> shards, Deadline deadline, Call call)
            throws InterruptedException {
        boolean[] done = new boolean[1];
        Thread thread =
                Thread.ofVirtual()
                        .name(verb)
                        .start(() -> {
                            try {
                                call.run();
                                done[0] = true;
                            } catch (InterruptedException e) {
                                LOG.debug("The call to {} shards was interrupted", verb);
                            } catch (RuntimeException e) {
                                LOG.error(
                                        "A part of the daemon failed to {} {} shards",
                                        verb,
                                        shards.size(),
                                        e);
                            }
                        });
        try {
            if (!thread.join(deadline.remaining().plus(GRACE))) {
                thread.interrupt();
                if (!thread.join(GRACE)) {
                    LOG.error(
                            "A part of the daemon did not {} {} shards in time; it is left behind",
                            verb,
                            shards.size());
                    return false;
                }
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            throw e;
        }
        return done[0];
    }
}
