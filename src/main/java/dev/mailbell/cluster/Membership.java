package dev.mailbell.cluster;

import dev.mailbell.cluster.ownership.OwnedShards;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.cluster.ownership.ShardOwner;
import dev.mailbell.cluster.ownership.ShardOwners;
import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseClock;
import dev.mailbell.database.FencedException;
import dev.mailbell.network.Deadline;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * This node's place in the cluster: which other nodes there are, and which shards it owns. Three
 * threads act: one renews the heartbeat each second, one brings the shards to what the plan says,
 * and one suspends the work when the heartbeat is late. Each has its own way to the database, so
 * that none waits for another or for the pool.
 */
public final class Membership implements Ownership, Members, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Membership.class);
    private static final Duration SHARD_PATIENCE = Duration.ofSeconds(5);
    private static final Duration ROUND = Duration.ofMillis(500);

    /** The pause between rounds while shards move. */
    private static final Duration SHORT_ROUND = Duration.ofMillis(50);

    private static final int FIRST_ROUND_SECONDS = 5;

    /** How long the release of all shards may take when the node stops. */
    static final Duration LEAVE = Duration.ofSeconds(20);

    /** After so long without a round this node is not ready. */
    private static final Duration STUCK = Duration.ofMinutes(1);

    /**
     * What may change while the node runs.
     *
     * @param configuration a fingerprint of the configuration in effect
     * @param releaseLimit how long the work of a shard may take to end before it is cut off
     */
    public record Settings(Supplier<String> configuration, Supplier<Duration> releaseLimit) {}

    private final Node node;
    private final Settings settings;
    private final ClusterTables shardTables;
    private final OwnedShards shards = new OwnedShards();
    private final ShardOwners owners = new ShardOwners();
    private final Heartbeats heartbeats;
    private final ShardLoop loop;
    private final Counter fenced;
    private final Semaphore wake = new Semaphore(0);
    private final HeartbeatThread beating;
    private final HeartbeatGuard guard;
    private final Thread sharding = Thread.ofVirtual().name("shards").unstarted(this::rounds);
    private volatile long lastRound = System.nanoTime();
    private volatile boolean started;
    private boolean failing;
    private boolean leavingAnnounced;
    private final CompletableFuture<@Nullable Void> firstRound = new CompletableFuture<>();
    private volatile @Nullable Deadline leaveBy;

    /**
     * @param node without its address, which {@link #join} gives
     * @param clock is kept right by the heartbeats
     */
    public Membership(
            Database database,
            Node node,
            Settings settings,
            DatabaseClock clock,
            MeterRegistry meters) {
        this.node = node;
        this.settings = settings;
        this.shardTables = new PostgresTables(database::ownConnection, SHARD_PATIENCE);
        this.heartbeats =
                new Heartbeats(
                        PostgresTables.ofHeartbeats(database::ownConnection),
                        node,
                        settings.configuration,
                        shards,
                        System::nanoTime,
                        InstantSource.system(),
                        clock::adjust);
        this.loop = new ShardLoop(shardTables, heartbeats, shards, owners, System::nanoTime);
        this.beating = new HeartbeatThread(heartbeats, shards, wake::release);
        this.guard = new HeartbeatGuard(heartbeats, shards, owners);
        this.fenced = new ClusterMeters(meters).register(this, heartbeats, loop);
    }

    /**
     * Registers a part that works by shards. Called before {@link #start}, in the order of work.
     */
    public void add(ShardOwner owner) {
        owners.add(owner);
    }

    /**
     * Registers this node, and begins to renew its heartbeat.
     *
     * @param address where it takes requests of other nodes; null: nowhere
     * @throws dev.mailbell.database.DatabaseException when the database is away
     */
    public void join(@Nullable URI address) {
        heartbeats.join(node.at(address));
        List<Member> others =
                live().stream().filter(member -> !member.id().equals(node.id())).toList();
        LOG.info(
                "This node, {}, has joined {} others: {}",
                node.name(),
                others.size(),
                others.stream().map(it -> it.name() + " " + it.version()).toList());
        beating.start();
        guard.start();
    }

    /** Begins to take shards, and waits a moment for those that are free. */
    public void start() {
        lastRound = System.nanoTime();
        started = true;
        sharding.start();
        firstRound
                .orTimeout(FIRST_ROUND_SECONDS, TimeUnit.SECONDS)
                .exceptionally(late -> null)
                .join();
    }

    private void rounds() {
        try {
            boolean leaving = false;
            while (!leaving || !isReleased()) {
                leaving = leaveBy != null;
                Duration pause = round(leaving) ? SHORT_ROUND : ROUND;
                if (!(leaving && isReleased())
                        && wake.tryAcquire(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                    wake.drainPermits();
                }
            }
            loop.cut();
        } catch (InterruptedException closed) {
            LOG.debug("The shards are left as they are");
        }
    }

    private boolean round(boolean leaving) throws InterruptedException {
        try {
            if (leaving) {
                announceLeaving();
            }
            boolean moving = loop.round(leaving, releaseLimit());
            lastRound = System.nanoTime();
            firstRound.complete(null);
            failing = false;
            return moving;
        } catch (RuntimeException e) {
            // The log has the first of several failures, and those of the database elsewhere.
            boolean known = failing || Database.isAway(e);
            LOG.atLevel(known ? Level.DEBUG : Level.ERROR)
                    .setCause(e)
                    .log("The shards cannot be read or changed now; it is tried again");
            failing = failing || !Database.isAway(e);
            return false;
        }
    }

    /**
     * Announces that this node leaves, and waits once for a round, so that the other nodes have
     * read it before the first release.
     */
    private void announceLeaving() throws InterruptedException {
        shardTables.announceLeaving(node.id());
        if (!leavingAnnounced) {
            leavingAnnounced = true;
            if (live().size() > 1) {
                Thread.sleep(ROUND);
            }
        }
    }

    /** When the node leaves, each group gets half of the time that is left. */
    private Duration releaseLimit() {
        Duration limit = settings.releaseLimit.get();
        Deadline leave = leaveBy;
        if (leave == null) {
            return limit;
        }
        Duration half = leave.remaining().dividedBy(2).plusMillis(1);
        return half.compareTo(limit) < 0 ? half : limit;
    }

    private boolean isReleased() {
        Deadline leave = leaveBy;
        return shards.epochs().isEmpty()
                || leave != null && leave.isPast()
                || !heartbeats.isActive();
    }

    /**
     * Releases all shards, group by group, so that each account is soon watched by another node.
     * The node remains a member until {@link #close}.
     */
    public void leave() throws InterruptedException {
        if (!sharding.isAlive()) {
            return;
        }
        heartbeats.leave();
        leaveBy = Deadline.after(LEAVE);
        wake.release();
        if (!sharding.join(LEAVE.plus(ShardOwners.GRACE))) {
            sharding.interrupt();
            sharding.join(ShardOwners.GRACE);
        }
    }

    /** Ends the membership: other nodes take at once what this one had not released. */
    @Override
    public void close() {
        sharding.interrupt();
        guard.close();
        beating.close();
        heartbeats.close();
        shardTables.close();
    }

    /** Why this node cannot work; empty when it can. */
    public List<String> trouble() {
        if (!isActive()) {
            return List.of(
                    "this node cannot renew its heartbeat in the database; checks and deliveries wait");
        }
        Duration idle = Duration.ofNanos(System.nanoTime() - lastRound);
        return started && leaveBy == null && idle.compareTo(STUCK) > 0
                ? List.of(
                        "this node has not looked after its shards for " + idle.toSeconds() + " s")
                : List.of();
    }

    /** What this node has counted. */
    public NodeCounts counts() {
        return new NodeCounts(loop.takeovers(), (long) fenced.count());
    }

    @Override
    public boolean isActive() {
        return heartbeats.isActive();
    }

    @Override
    public boolean mayBegin(int shard) {
        return shards.mayBegin(shard) && heartbeats.isActive();
    }

    @Override
    public ShardFence fence(int shard) {
        Long epoch = shards.epochs().get(shard);
        if (epoch == null || !heartbeats.isActive()) {
            fenced.increment();
            throw new FencedException();
        }
        return new ShardFence(shard, epoch);
    }

    @Override
    public Set<Integer> shards() {
        return heartbeats.isActive() ? shards.begin() : Set.of();
    }

    @Override
    public int nodes() {
        return Math.max(1, heartbeats.members().size());
    }

    @Override
    public UUID self() {
        return node.id();
    }

    @Override
    public List<Member> live() {
        return heartbeats.members();
    }

    @Override
    public Optional<Member> ownerOf(int shard) {
        boolean own = shards.epochs().containsKey(shard);
        Optional<UUID> owner =
                own
                        ? Optional.of(node.id())
                        : loop.ownerOf(shard).filter(it -> !it.equals(node.id()));
        return owner.flatMap(id -> live().stream().filter(it -> it.id().equals(id)).findFirst());
    }
}
