package dev.mailbell.cluster;

import dev.mailbell.cluster.ownership.OwnedShards;
import dev.mailbell.cluster.ownership.ShardOwners;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Suspends the work of this node when its heartbeat is late, or when {@link Heartbeats} found that
 * the node has lost its shards. A thread of its own, because that of the heartbeats may wait for
 * the database then, and that of the shards for a release.
 */
final class HeartbeatGuard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HeartbeatGuard.class);

    /** The wall clock may be ahead of the monotonic one, which the pause goes by. */
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

    private final Heartbeats heartbeats;
    private final OwnedShards shards;
    private final ShardOwners owners;
    private final Thread thread = Thread.ofVirtual().name("heartbeat-guard").unstarted(this::run);

    HeartbeatGuard(Heartbeats heartbeats, OwnedShards shards, ShardOwners owners) {
        this.heartbeats = heartbeats;
        this.shards = shards;
        this.owners = owners;
    }

    void start() {
        thread.start();
    }

    private void run() {
        boolean active = true;
        int generation = shards.generation();
        try {
            while (true) {
                boolean now = heartbeats.isActive();
                // A node that was frozen may be active again before this thread sees that it was
                // not; it has lost its shards then.
                boolean lost = generation != shards.generation();
                if (active && !now || lost) {
                    generation = shards.generation();
                    owners.suspended();
                }
                active = now;
                Duration left = heartbeats.remaining().plusMillis(1);
                boolean soon = now && left.compareTo(LONGEST_PAUSE) < 0;
                Thread.sleep(soon ? left : LONGEST_PAUSE);
            }
        } catch (InterruptedException closed) {
            LOG.debug("The guard of the heartbeat ends");
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
