package dev.mailbell.cluster;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;

/** The metrics of the cluster, as this node sees it. */
record ClusterMeters(MeterRegistry meters) {
    private static final double MILLIS = 1000.0;

    /**
     * @return counts the writes that were refused, because another node may own their shard
     */
    Counter register(Membership membership, Heartbeats heartbeats, ShardLoop loop) {
        Gauge.builder("node.active", () -> membership.isActive() ? 1 : 0)
                .description("1 while this node may check mailboxes and send deliveries")
                .register(meters);
        Gauge.builder("nodes.live", () -> membership.live().size())
                .description("Nodes of the cluster, this one included")
                .register(meters);
        Gauge.builder("shards.owned", () -> membership.shards().size())
                .description("Shards, of 1,024, whose accounts this node checks and delivers for")
                .register(meters);
        Gauge.builder("shards.unowned", () -> loop.unowned().count())
                .description("Shards that no node owns")
                .register(meters);
        Gauge.builder("shards.unowned.longest", () -> seconds(loop.unowned().longest()))
                .description("For how long the first of them has had no owner")
                .baseUnit("seconds")
                .register(meters);
        Gauge.builder("heartbeat.age", () -> seconds(heartbeats.age()))
                .description("Age of this node's last heartbeat; above 3 it stops its work")
                .baseUnit("seconds")
                .register(meters);
        FunctionCounter.builder("shard.takeovers", loop, ShardLoop::takeovers)
                .description("Shards that this node took over from dead nodes")
                .register(meters);
        return Counter.builder("fenced.writes")
                .description("Writes that were dropped because another node owns the shard")
                .tag("of", "other")
                .register(meters);
    }

    private static double seconds(Duration time) {
        return time.toMillis() / MILLIS;
    }
}
