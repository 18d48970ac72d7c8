package dev.mailbell.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cluster.ownership.OwnedShards;
import dev.mailbell.cluster.ownership.ShardOwner;
import dev.mailbell.cluster.ownership.ShardOwners;
import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.network.Deadline;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * Nodes on one real PostgreSQL, whose threads and clocks the test drives step by step. The server's
 * time is a row, so that it can be stepped, too.
 */
final class ClusterKit implements AutoCloseable {
    static final String CLOCK = "(select at from test_clock)";

    /** No test waits for a database that does not answer; a busy machine may let it be late. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    final Database database = TestDatabase.create(3);
    final ClusterTables reader = new PostgresTables(database::ownConnection, PATIENCE, CLOCK);
    final List<TestNode> nodes = new ArrayList<>();
    private long nanos = Duration.ofHours(1).toNanos();
    private UnaryOperator<ClusterTables> around = UnaryOperator.identity();

    ClusterKit() {
        execute("create table test_clock as select timestamptz '2026-01-01 00:00:00Z' as at");
    }

    /** Puts something between the nodes that are made from now on and their tables. */
    void around(UnaryOperator<ClusterTables> wrapper) {
        around = wrapper;
    }

    void execute(String sql) {
        database.jdbi().useHandle(handle -> handle.execute(sql));
    }

    long count(String sql) {
        return database.jdbi()
                .withHandle(handle -> handle.createQuery(sql).mapTo(Long.class).one());
    }

    /** Time goes by for everything. */
    void pass(Duration time) {
        nanos += time.toNanos();
        stepServerClock(time);
    }

    /** Only the server's clock is set. */
    void stepServerClock(Duration step) {
        execute("update test_clock set at = at + interval '" + step.toNanos() / 1000 + " us'");
    }

    long nanoTime() {
        return nanos;
    }

    TestNode node(String name) {
        return node(name, false);
    }

    TestNode node(String name, boolean exclusive) {
        TestNode node = new TestNode(name, exclusive);
        nodes.add(node);
        return node;
    }

    /** Nodes that have joined and share all shards. */
    List<TestNode> settled(String... names) throws InterruptedException {
        List<TestNode> made = new ArrayList<>();
        for (String name : names) {
            TestNode node = node(name);
            node.join();
            made.add(node);
        }
        settle(made, Duration.ofSeconds(6));
        return made;
    }

    /** Lets nodes run for some time: a heartbeat each second, a round each half. */
    void settle(List<TestNode> running, Duration time) throws InterruptedException {
        for (int half = 0; half < time.toMillis() / 500; half++) {
            pass(Duration.ofMillis(500));
            for (TestNode node : running) {
                if (half % 2 == 0) {
                    node.heartbeats.beat();
                }
            }
            exchange(running);
        }
    }

    /**
     * Rounds of nodes in turns, five seconds of short pauses at most; ends when nothing more moves
     * at this time.
     */
    void exchange(List<TestNode> running) throws InterruptedException {
        boolean moving = true;
        int still = 0;
        for (int round = 0; moving && still < 3 && round < 100; round++) {
            moving = false;
            List<Map<Integer, Long>> before = epochs(running);
            for (TestNode node : running) {
                moving |= node.round();
            }
            still = epochs(running).equals(before) ? still + 1 : 0;
            requireSafety();
        }
    }

    private static List<Map<Integer, Long>> epochs(List<TestNode> running) {
        return running.stream().map(node -> node.shards.epochs()).toList();
    }

    /** No shard is active at two nodes. */
    void requireSafety() {
        Map<Integer, String> active = new HashMap<>();
        for (TestNode node : nodes) {
            if (node.heartbeats.isActive()) {
                for (int shard : node.shards.begin()) {
                    String other = active.put(shard, node.name);
                    assertThat(other).as("shard %d is active at %s", shard, node.name).isNull();
                }
            }
        }
    }

    /** Every shard is owned by one of these nodes, as planned, and its work goes on there. */
    void requireComplete(List<TestNode> running) {
        ShardPlan plan = ShardPlan.of(running.stream().map(node -> node.id).toList());
        for (TestNode node : running) {
            Set<Integer> expected = new TreeSet<>();
            for (int shard = 0; shard < ClusterTables.SHARDS; shard++) {
                if (plan.isFor(shard, node.id)) {
                    expected.add(shard);
                }
            }
            assertThat(new TreeSet<>(node.shards.begin())).as(node.name).isEqualTo(expected);
            assertThat(node.working).as(node.name).isEqualTo(expected);
        }
    }

    @Override
    public void close() {
        nodes.forEach(TestNode::disconnect);
        reader.close();
        database.close();
    }

    /** A node without threads. */
    final class TestNode implements ShardOwner {
        final String name;
        final UUID id = UUID.randomUUID();
        final Node node;
        final OwnedShards shards = new OwnedShards();
        final ShardOwners owners = new ShardOwners();
        final Heartbeats heartbeats;
        final ShardLoop loop;

        /** What the daemon's parts work on. */
        final Set<Integer> working = new TreeSet<>();

        final List<String> calls = new ArrayList<>();
        final List<Instant> times = new ArrayList<>();
        private final List<ClusterTables> opened = new ArrayList<>();
        boolean reachable = true;
        Duration wallAhead = Duration.ZERO;
        boolean busy;

        /** Whether it fails to begin the work of shards. */
        boolean failing;

        Runnable duringRelease = () -> {};

        private TestNode(String name, boolean exclusive) {
            this.name = name;
            this.node = new Node(id, name, 4711, null, "test", exclusive);
            this.heartbeats =
                    new Heartbeats(
                            tables(),
                            node,
                            () -> "configured",
                            shards,
                            ClusterKit.this::nanoTime,
                            () -> Instant.EPOCH.plusNanos(nanos).plus(wallAhead),
                            (time, sent, received) -> times.add(time));
            this.loop =
                    new ShardLoop(tables(), heartbeats, shards, owners, ClusterKit.this::nanoTime);
            owners.add(this);
        }

        private ClusterTables tables() {
            ClusterTables tables =
                    new PostgresTables(
                            patience -> {
                                if (!reachable) {
                                    throw new SQLException("no route", "08001");
                                }
                                return database.ownConnection(patience);
                            },
                            PATIENCE,
                            CLOCK);
            opened.add(tables);
            return around.apply(tables);
        }

        void join() {
            heartbeats.join(node);
        }

        /** Rounds until one moves no shard. */
        void rounds() throws InterruptedException {
            Map<Integer, Long> before;
            do {
                before = shards.epochs();
                round();
            } while (!shards.epochs().equals(before));
        }

        /** A round, in which the database may be away. */
        boolean round() throws InterruptedException {
            try {
                return round(false);
            } catch (DatabaseException e) {
                assertThat(e).hasMessage("no route");
                return false;
            }
        }

        boolean round(boolean leaving) throws InterruptedException {
            return loop.round(leaving, Duration.ofSeconds(1));
        }

        /** Cuts it off from the database. */
        void disconnect() {
            reachable = false;
            opened.forEach(ClusterTables::close);
        }

        void reconnect() {
            reachable = true;
        }

        @Override
        public void acquired(Set<Integer> acquired) {
            calls.add("acquired " + acquired.size());
            if (failing) {
                throw new IllegalStateException("it fails to begin");
            }
            working.addAll(acquired);
        }

        @Override
        public void released(Set<Integer> released, Deadline deadline) {
            calls.add((deadline.isPast() ? "lost " : "released ") + released.size());
            duringRelease.run();
            working.removeAll(released);
        }

        @Override
        public boolean isBusy() {
            return busy;
        }

        @Override
        public void suspended() {
            calls.add("suspended");
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
