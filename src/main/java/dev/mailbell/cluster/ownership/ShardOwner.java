package dev.mailbell.cluster.ownership;

import dev.mailbell.network.Deadline;
import java.util.Set;

/**
 * A part of the daemon that works by shards: the watch, and delivery. One thread calls {@link
 * #acquired} and {@link #released}; another one may call {@link #suspended} at the same time,
 * because it must not wait for a release. Shards may be released that were not acquired.
 */
public interface ShardOwner {
    /** This node owns these shards now: their work begins. Returns soon. */
    void acquired(Set<Integer> shards);

    /**
     * This node releases these shards, or has lost them: {@link Ownership#mayBegin} is false for
     * them. Ends their work and forgets it; returns when nothing of them runs any more, at the
     * deadline at the latest. What still runs then is cut off.
     *
     * @param deadline over when another node owns the shards already
     */
    void released(Set<Integer> shards, Deadline deadline) throws InterruptedException;

    /**
     * Whether much of the work of acquired shards has not begun yet, so that other shards would
     * wait behind it. Answers at once.
     */
    boolean isBusy();

    /**
     * The heartbeat is late: another node may take the shards soon. Connections that the other node
     * could open a second time are cut. The work goes on when {@link Ownership#isActive} is true
     * again, unless the shards are {@linkplain #released lost}.
     */
    void suspended();
}
