package dev.mailbell.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class ShardPlanTest {
    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);

    private UUID id() {
        return new UUID(random.nextLong(), random.nextLong());
    }

    private List<UUID> ids(int count) {
        return IntStream.range(0, count).mapToObj(i -> id()).toList();
    }

    private static Set<Integer> moved(ShardPlan before, ShardPlan after) {
        Set<Integer> moved = new HashSet<>();
        for (int shard = 0; shard < ClusterTables.SHARDS; shard++) {
            if (!before.ownerOf(shard).equals(after.ownerOf(shard))) {
                moved.add(shard);
            }
        }
        return moved;
    }

    @Test
    void without_nodes_no_shard_has_an_owner() {
        assertThat(ShardPlan.of(List.of()).ownerOf(0)).isEmpty();
        assertThat(ShardPlan.of(List.of()).isFor(1023, id())).isFalse();
    }

    @RepeatedTest(20)
    void the_order_of_the_nodes_does_not_matter() {
        List<UUID> nodes = new ArrayList<>(ids(1 + random.nextInt(20)));
        ShardPlan plan = ShardPlan.of(nodes);
        Collections.shuffle(nodes, random);
        nodes.add(nodes.getFirst());
        assertThat(moved(plan, ShardPlan.of(nodes))).as("seed %d", seed).isEmpty();
        assertThat(plan.nodes()).as("seed %d", seed).isEqualTo(Set.copyOf(nodes));
    }

    @RepeatedTest(20)
    void a_node_that_joins_gets_what_moves_and_its_departure_moves_that_back() {
        List<UUID> nodes = ids(1 + random.nextInt(50));
        UUID joining = id();
        List<UUID> more = new ArrayList<>(nodes);
        more.add(joining);
        ShardPlan before = ShardPlan.of(nodes);
        ShardPlan after = ShardPlan.of(more);
        Set<Integer> moved = moved(before, after);
        assertThat(moved)
                .as("seed %d", seed)
                .allMatch(shard -> after.isFor(shard, joining))
                .hasSize(
                        (int)
                                IntStream.range(0, ClusterTables.SHARDS)
                                        .filter(shard -> after.isFor(shard, joining))
                                        .count());
        assertThat(moved(before, ShardPlan.of(nodes))).isEmpty();
    }

    @Test
    void nodes_get_about_the_same_number() {
        for (int count : new int[] {2, 3, 10, 30}) {
            ShardPlan plan = ShardPlan.of(ids(count));
            Map<UUID, Integer> sizes = new HashMap<>();
            for (int shard = 0; shard < ClusterTables.SHARDS; shard++) {
                sizes.merge(plan.ownerOf(shard).orElseThrow(), 1, Integer::sum);
            }
            double mean = (double) ClusterTables.SHARDS / count;
            // Seven standard deviations.
            double most = 7 * Math.sqrt(mean);
            assertThat(sizes.values())
                    .as("%d nodes, seed %d", count, seed)
                    .hasSize(count)
                    .allMatch(size -> Math.abs(size - mean) <= most);
        }
    }
}
