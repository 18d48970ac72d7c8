package dev.mailbell.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cluster.ClusterKit.TestNode;
import dev.mailbell.database.DatabaseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/**
 * Nodes whose threads run, freeze, die and join in a random order, with statements whose answers
 * are lost, that come late, or during which everything else goes on: no shard is ever active at two
 * nodes, an active one has its owner and epoch in the table, and in the end each is owned.
 */
class InterleavingTest {
    private static final int STEPS = 100;
    private static final int MAX_NODES = 4;

    private final long seed = Long.getLong("interleaving.seed", new Random().nextLong());
    private final Random random = new Random(seed);
    private final List<Runnable> late = new ArrayList<>();

    /** Until when a node is frozen, or cut off. */
    private final Map<TestNode, Long> frozen = new HashMap<>();

    private final Map<TestNode, Long> cut = new HashMap<>();
    private final Map<TestNode, Long> beatAt = new HashMap<>();
    private final Map<TestNode, Long> roundAt = new HashMap<>();
    private final Set<TestNode> beating = new HashSet<>();
    private final Set<TestNode> looping = new HashSet<>();
    private final Set<TestNode> leaving = new HashSet<>();
    private boolean quiet;
    private int depth;
    private int made;

    @RepeatedTest(3)
    void no_shard_is_active_at_two_nodes_whatever_happens(RepetitionInfo repetition)
            throws InterruptedException {
        System.out.println(
                "InterleavingTest " + repetition.getCurrentRepetition() + ": seed " + seed);
        try (ClusterKit kit = new ClusterKit()) {
            kit.around(tables -> new Unsteady(kit, tables));
            for (int step = 0; step < STEPS; step++) {
                step(kit);
                requireOwners(kit);
            }
            settle(kit);
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    /** Some time goes by, something may happen, and every thread does what it is time for. */
    private void step(ClusterKit kit) {
        kit.pass(Duration.ofMillis(random.nextInt(50, 500)).plusNanos(1000L * random.nextInt(999)));
        List<TestNode> nodes = new ArrayList<>(kit.nodes);
        Collections.shuffle(nodes, random);
        if (nodes.isEmpty() || nodes.size() < MAX_NODES && random.nextInt(12) == 0) {
            TestNode joining = kit.node("node" + ++made);
            attempt(joining::join);
        } else {
            happen(kit, nodes.getFirst());
        }
        for (TestNode node : nodes) {
            long now = kit.nanoTime();
            if (cut.getOrDefault(node, Long.MAX_VALUE) < now) {
                cut.remove(node);
                node.reconnect();
            }
            if (frozen.getOrDefault(node, 0L) < now) {
                boolean roundFirst = random.nextBoolean();
                if (roundFirst) {
                    round(kit, node);
                }
                beat(kit, node);
                if (!roundFirst) {
                    round(kit, node);
                }
            }
            kit.requireSafety();
        }
    }

    private void happen(ClusterKit kit, TestNode node) {
        long until = kit.nanoTime() + Duration.ofMillis(random.nextInt(500, 12_000)).toNanos();
        switch (random.nextInt(60)) {
            case 0 -> {
                // Killed.
                node.disconnect();
                remove(kit, node);
            }
            case 1 -> leaving.add(node);
            case 2, 3, 4 -> frozen.put(node, until);
            case 5, 6, 7 -> {
                node.disconnect();
                cut.put(node, until);
            }
            case 8 ->
                    kit.stepServerClock(
                            Duration.ofNanos(1000L * random.nextInt(-8_000_000, 8_000_000)));
            case 9, 10, 11, 12 -> {
                if (!late.isEmpty()) {
                    attempt(late.remove(random.nextInt(late.size())));
                }
            }
            default -> {
                // Nothing happens.
            }
        }
    }

    private void remove(ClusterKit kit, TestNode node) {
        kit.nodes.remove(node);
        leaving.remove(node);
    }

    private void beat(ClusterKit kit, TestNode node) {
        if (beatAt.getOrDefault(node, 0L) <= kit.nanoTime() && beating.add(node)) {
            boolean renewed = node.heartbeats.beat();
            beatAt.put(node, kit.nanoTime() + Duration.ofMillis(renewed ? 1000 : 250).toNanos());
            beating.remove(node);
        }
    }

    private void round(ClusterKit kit, TestNode node) {
        if (roundAt.getOrDefault(node, 0L) > kit.nanoTime() || !looping.add(node)) {
            return;
        }
        boolean leaves = leaving.contains(node);
        boolean[] more = new boolean[1];
        attempt(() -> PausedTables.run(() -> more[0] = node.round(leaves)));
        long pause = Duration.ofMillis(more[0] ? 50 : 500).toNanos();
        roundAt.put(node, kit.nanoTime() + pause);
        looping.remove(node);
        if (leaves && node.shards.epochs().isEmpty() && !beating.contains(node)) {
            node.heartbeats.close();
            remove(kit, node);
        }
    }

    private static void attempt(Runnable action) {
        try {
            action.run();
        } catch (DatabaseException e) {
            assertThat(e.getMessage()).isIn("no route", "lost");
        }
    }

    /** What an active node may begin is its own in the table, with the epoch that it knows. */
    private void requireOwners(ClusterKit kit) {
        List<TestNode> active =
                kit.nodes.stream()
                        .filter(node -> node.heartbeats.isActive())
                        .filter(node -> !node.shards.begin().isEmpty())
                        .toList();
        if (active.isEmpty()) {
            return;
        }
        ClusterTables.ShardRows rows = Objects.requireNonNull(kit.reader.read(-1).shards());
        for (TestNode node : active) {
            Map<Integer, Long> epochs = node.shards.epochs();
            for (int shard : node.shards.begin()) {
                assertThat(rows.isOwnedBy(shard, node.id))
                        .as("shard %d of %s", shard, node)
                        .isTrue();
                assertThat(rows.epoch(shard)).isEqualTo(epochs.get(shard));
            }
        }
    }

    /** Everything that lives is reachable again: within seconds all shards are owned. */
    private void settle(ClusterKit kit) throws InterruptedException {
        quiet = true;
        kit.nodes.forEach(TestNode::reconnect);
        List.copyOf(leaving).forEach(node -> node.heartbeats.close());
        kit.nodes.removeAll(leaving);
        late.forEach(InterleavingTest::attempt);
        if (kit.nodes.isEmpty()) {
            TestNode last = kit.node("last");
            last.join();
        }
        for (TestNode node : kit.nodes) {
            attempt(() -> node.heartbeats.join(node.node));
        }
        kit.settle(kit.nodes, Duration.ofSeconds(18));
        kit.requireComplete(kit.nodes);
    }

    /** Fails, comes late, or gives way to everything else. */
    private final class Unsteady extends PausedTables {
        private final ClusterKit kit;

        /** The latest answer that did not arrive. */
        private @Nullable Object latest;

        Unsteady(ClusterKit kit, ClusterTables tables) {
            super(tables);
            this.kit = kit;
        }

        private <T> T call(Supplier<T> statement) {
            int choice = quiet ? 99 : random.nextInt(100);
            if (choice < 1) {
                throw new DatabaseException("lost");
            }
            if (choice < 3) {
                latest = statement.get();
                throw new DatabaseException("lost");
            }
            if (choice < 6) {
                late.add(() -> latest = statement.get());
                throw new DatabaseException("lost");
            }
            elsewhere(choice < 10);
            T result = statement.get();
            elsewhere(choice >= 10 && choice < 14);
            return result;
        }

        /** The thread rests; other threads and nodes go on meanwhile. */
        private void elsewhere(boolean wanted) {
            if (wanted && depth < 3) {
                depth++;
                int steps = random.nextInt(4) == 0 ? random.nextInt(40) : random.nextInt(4);
                for (int i = 0; i < steps; i++) {
                    step(kit);
                }
                depth--;
            }
        }

        @Override
        public void register(Node node, String configuration) {
            call(() -> {
                super.register(node, configuration);
                return true;
            });
        }

        @Override
        public Optional<Beat> renew(UUID id, String configuration) {
            return call(() -> super.renew(id, configuration));
        }

        @Override
        public View read(long version) {
            return call(() -> super.read(version));
        }

        @Override
        public Set<UUID> remove(Collection<NodeRow> dead) {
            return call(() -> super.remove(dead));
        }

        @Override
        public Map<Integer, Long> take(UUID node, Map<Integer, Long> epochs) {
            return call(() -> super.take(node, epochs));
        }

        @Override
        public void giveUp(UUID node, Map<Integer, Long> epochs) {
            call(() -> {
                super.giveUp(node, epochs);
                return true;
            });
        }
    }
}
