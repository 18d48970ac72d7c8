package dev.mailbell.cluster;

import dev.mailbell.cluster.ClusterTables.Beat;
import dev.mailbell.cluster.ownership.OwnedShards;
import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.StartRetry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews the row of this node. The row expires {@link #LIFE} after its last renewal; then other
 * nodes remove it and take the shards.
 *
 * <p>The node stops by itself before that: {@link #isActive} is false when the last successful
 * renewal began more than {@link #TRUST} ago, by the monotonic or by the wall clock. A node that
 * was frozen therefore does nothing after it wakes, until a renewal shows that its row is still
 * there. When the row was removed, the node has lost its shards: it forgets them first and
 * registers anew then.
 */
final class Heartbeats {
    /** How long a renewal is valid for other nodes, by the database server's clock. */
    static final Duration LIFE = Duration.ofSeconds(5);

    /** How long the node trusts its last renewal: 60 % of {@link #LIFE}. */
    static final Duration TRUST = Duration.ofSeconds(3);

    static final Duration INTERVAL = Duration.ofSeconds(1);

    /**
     * How often a node tries to join while the database does not answer in the time of a heartbeat.
     */
    private static final int JOINS = 5;

    private static final Logger LOG = LoggerFactory.getLogger(Heartbeats.class);

    /** Takes the database server's time of a heartbeat. */
    @FunctionalInterface
    interface TimeReader {
        /**
         * @param sent the monotonic time before the server read its clock
         * @param received the same after it
         */
        void read(Instant time, long sent, long received);
    }

    private final ClusterTables tables;
    private final OwnedShards shards;
    private final LongSupplier nanoTime;
    private final InstantSource wall;
    private final Supplier<String> configuration;
    private final TimeReader times;
    private volatile Renewal last = new Renewal(0, Instant.MIN, 0, false);
    private volatile List<Member> members = List.of();
    private volatile Node node;
    private boolean registered;
    private boolean leaving;
    private boolean closed;
    private boolean suspensionLogged;
    private String reason = "a heartbeat came too late";

    /**
     * The start of the last successful renewal, by both clocks.
     *
     * @param since the start of the first one after which none came too late
     */
    private record Renewal(long nanoTime, Instant wall, long since, boolean valid) {}

    /**
     * @param configuration a fingerprint of the configuration in effect
     */
    Heartbeats(
            ClusterTables tables,
            Node node,
            Supplier<String> configuration,
            OwnedShards shards,
            LongSupplier nanoTime,
            InstantSource wall,
            TimeReader times) {
        this.tables = tables;
        this.node = node;
        this.configuration = configuration;
        this.shards = shards;
        this.nanoTime = nanoTime;
        this.wall = wall;
        this.times = times;
    }

    /** Whether this node may check mailboxes, connect to mail servers and send deliveries now. */
    boolean isActive() {
        Renewal renewal = last;
        // Both clocks, because the monotonic one stands still while the machine sleeps.
        return renewal.valid
                && nanoTime.getAsLong() - renewal.nanoTime < TRUST.toNanos()
                && Duration.between(renewal.wall, wall.instant()).compareTo(TRUST) < 0;
    }

    /** For how long this node remains active without another renewal; zero when it is not. */
    Duration remaining() {
        return isActive() ? TRUST.minusNanos(nanoTime.getAsLong() - last.nanoTime) : Duration.ZERO;
    }

    /** The age of the last successful renewal. */
    Duration age() {
        Renewal renewal = last;
        return renewal.valid
                ? Duration.ofNanos(nanoTime.getAsLong() - renewal.nanoTime)
                : Duration.ZERO;
    }

    /** Since when no renewal came too late, by the monotonic clock. */
    long renewedSince() {
        return last.since;
    }

    /** The nodes, as of the last renewal. */
    List<Member> members() {
        return members;
    }

    Node node() {
        return node;
    }

    /**
     * Registers this node under its address, and makes the first heartbeat.
     *
     * @throws DatabaseException when that fails in several tries
     */
    synchronized void join(Node joining) {
        node = joining;
        StartRetry.run(
                JOINS,
                "This node cannot join the others and tries again",
                () -> {
                    tables.register(node, configuration.get());
                    registered = true;
                    renew();
                });
    }

    /** The node stops: it does not register anew when its row was removed. */
    synchronized void leave() {
        leaving = true;
    }

    /**
     * Renews the row once; after a failure the next call tries again.
     *
     * @return whether it is renewed
     */
    synchronized boolean beat() {
        if (closed || !registered) {
            return false;
        }
        boolean activeBefore = isActive();
        boolean renewed = false;
        try {
            renew();
            renewed = true;
        } catch (RuntimeException e) {
            LOG.debug("The heartbeat failed: {}", e.getMessage());
            reason = Database.reason(e);
        } catch (Error e) {
            LOG.error("The heartbeat failed; the next one follows", e);
        }
        log(activeBefore);
        return renewed;
    }

    private void renew() {
        Renewal before = last;
        Renewal now = started(before);
        Optional<Beat> beat = tables.renew(node.id(), configuration.get());
        if (beat.isEmpty()) {
            LOG.warn(
                    "Another node took this one for dead, because its heartbeats came too late: it joins again"
                            + " and gets other shards");
            // Before the node is active again: others may have taken the shards.
            shards.loseAll();
            if (leaving) {
                registered = false;
                return;
            }
            tables.register(node, configuration.get());
            now = started(new Renewal(0, Instant.MIN, 0, false));
            beat = tables.renew(node.id(), configuration.get());
        }
        if (beat.isPresent()) {
            times.read(beat.get().now(), now.nanoTime, nanoTime.getAsLong());
            members = beat.get().nodes();
            last = now;
            reason = "a heartbeat came too late";
        }
    }

    private Renewal started(Renewal before) {
        long nanos = nanoTime.getAsLong();
        boolean continues = before.valid && nanos - before.nanoTime < TRUST.toNanos();
        return new Renewal(nanos, wall.instant(), continues ? before.since : nanos, true);
    }

    private void log(boolean activeBefore) {
        boolean activeNow = isActive();
        if (!activeNow && !suspensionLogged) {
            LOG.warn(
                    "This node cannot renew its heartbeat; checks and deliveries wait until it can: {}",
                    reason);
        } else if (activeNow && (suspensionLogged || !activeBefore)) {
            LOG.info("This node has renewed its heartbeat; checks and deliveries go on");
        }
        suspensionLogged = !activeNow;
    }

    /** Makes no more heartbeats, and removes the row, so that other nodes need not wait. */
    synchronized void close() {
        closed = true;
        last = new Renewal(0, Instant.MIN, 0, false);
        try {
            if (registered) {
                tables.depart(node.id());
            }
        } catch (RuntimeException e) {
            LOG.debug("The row of this node is not removed and expires: {}", e.getMessage());
        } finally {
            tables.close();
        }
    }
}
