package dev.mailbell.cluster;

import dev.mailbell.cluster.ownership.OwnedShards;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Renews the heartbeat of this node each second, and soon again when that fails. */
final class HeartbeatThread implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HeartbeatThread.class);
    private static final Duration RETRY = Duration.ofMillis(250);

    private final Heartbeats heartbeats;
    private final OwnedShards shards;
    private final Runnable shardsLost;
    private final Thread thread = Thread.ofVirtual().name("heartbeat").unstarted(this::beat);

    /**
     * @param shardsLost is called when a heartbeat finds that this node has lost its shards
     */
    HeartbeatThread(Heartbeats heartbeats, OwnedShards shards, Runnable shardsLost) {
        this.heartbeats = heartbeats;
        this.shards = shards;
        this.shardsLost = shardsLost;
    }

    void start() {
        thread.start();
    }

    private void beat() {
        try {
            while (true) {
                int generation = shards.generation();
                boolean renewed = heartbeats.beat();
                if (generation != shards.generation()) {
                    shardsLost.run();
                }
                Thread.sleep(renewed ? Heartbeats.INTERVAL : RETRY);
            }
        } catch (InterruptedException closed) {
            LOG.debug("The heartbeat ends");
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
