package dev.mailbell.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cluster.ClusterKit.TestNode;
import dev.mailbell.cluster.ownership.ShardOwner;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.network.Deadline;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Heartbeats, the plan and the shards of one to three nodes, step by step. */
class MembershipStepsTest {
    private static final Duration HALF = Duration.ofMillis(500);

    private final ClusterKit kit = new ClusterKit();

    @AfterEach
    void close() {
        kit.close();
    }

    @Test
    void a_node_alone_takes_all_shards_in_its_first_round_and_then_writes_nothing_but_its_row()
            throws Exception {
        TestNode node = kit.node("one");
        node.join();
        assertThat(node.round(false)).isFalse();
        kit.requireComplete(List.of(node));
        assertThat(node.calls).containsExactly("acquired 1024");
        String shards =
                "select sum(('x' || md5(ctid::text || xmin::text))::bit(32)::bigint) from shard";
        long before = kit.count(shards);
        kit.settle(List.of(node), Duration.ofSeconds(20));
        assertThat(kit.count(shards)).isEqualTo(before);
        assertThat(node.calls).containsExactly("acquired 1024");
    }

    @Test
    void a_node_joins_although_the_database_does_not_answer_its_first_tries_in_time()
            throws Exception {
        AtomicInteger tries = new AtomicInteger();
        kit.around(tables ->
                new PausedTables(tables) {
                    @Override
                    public void register(Node node, String configuration) {
                        if (tries.incrementAndGet() <= 2) {
                            throw new DatabaseException(
                                    "too slow", new SQLException("too slow", "08001"));
                        }
                        super.register(node, configuration);
                    }
                });
        TestNode node = kit.node("one");
        node.join();
        assertThat(tries).hasValue(3);
        assertThat(node.round(false)).isFalse();
        kit.requireComplete(List.of(node));
    }

    @Test
    void a_second_node_gets_its_share_only_after_the_first_has_released_it() throws Exception {
        TestNode one = kit.settled("one").getFirst();
        TestNode two = kit.node("two");
        two.join();
        two.rounds();
        assertThat(two.shards.begin()).isEmpty();

        assertThat(one.round(false)).isTrue();
        assertThat(one.calls).endsWith("released " + ReleasedShards.FIRST);
        two.rounds();
        assertThat(two.shards.begin()).hasSize(ReleasedShards.FIRST);
        kit.requireSafety();

        kit.exchange(List.of(one, two));
        kit.requireComplete(List.of(one, two));
    }

    @Test
    void nothing_more_is_released_for_a_node_that_has_not_taken_what_was() throws Exception {
        TestNode one = kit.settled("one").getFirst();
        TestNode two = kit.node("two");
        two.join();
        for (int second = 0; second < 60; second++) {
            kit.pass(Duration.ofSeconds(1));
            one.heartbeats.beat();
            two.heartbeats.beat();
            assertThat(one.round(false)).isTrue();
        }
        assertThat(one.shards.begin()).hasSize(1024 - ReleasedShards.FIRST);
        assertThat(two.round(false)).isTrue();
        one.round(false);
        assertThat(one.shards.begin()).hasSize(1024 - 2 * ReleasedShards.FIRST);

        two.heartbeats.close();
        kit.settle(List.of(one), Duration.ofSeconds(2));
        kit.requireComplete(List.of(one));
    }

    @Test
    void a_node_that_takes_quickly_is_given_twice_as_many_the_next_time() throws Exception {
        TestNode one = kit.settled("one").getFirst();
        TestNode two = kit.node("two");
        two.join();
        List<Integer> groups = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            int before = one.shards.begin().size();
            one.round(false);
            groups.add(before - one.shards.begin().size());
            kit.pass(Duration.ofMillis(500));
            one.heartbeats.beat();
            two.heartbeats.beat();
            two.round(false);
        }
        assertThat(groups)
                .containsExactly(1, 2, 4, 8, 16, ReleasedShards.MOST, ReleasedShards.MOST);
        kit.requireSafety();
    }

    @Test
    void a_node_that_takes_slowly_is_given_half_as_many_and_few_again_after_a_pause()
            throws Exception {
        TestNode one = kit.settled("one").getFirst();
        TestNode two = kit.node("two");
        two.join();
        for (int i = 0; i < 5; i++) {
            one.round(false);
            two.round(false);
        }
        one.round(false);
        kit.pass(Duration.ofMillis(1001));
        two.round(false);
        int before = one.shards.begin().size();
        one.round(false);
        assertThat(before - one.shards.begin().size()).isEqualTo(ReleasedShards.MOST / 2);
        two.round(false);

        one.heartbeats.beat();
        two.heartbeats.beat();
        for (int second = 0; second < 6; second++) {
            kit.pass(Duration.ofSeconds(1));
            one.heartbeats.beat();
            two.heartbeats.beat();
        }
        int after = one.shards.begin().size();
        one.round(false);
        assertThat(after - one.shards.begin().size()).isEqualTo(ReleasedShards.FIRST);
    }

    @Test
    void a_node_that_leaves_gives_a_slow_one_no_less_than_it_must_to_end_in_time()
            throws Exception {
        List<TestNode> nodes = kit.settled("one", "two");
        TestNode leaving = nodes.getFirst();
        int owned = leaving.shards.begin().size();
        kit.execute("update node set leaving = true where id = '" + leaving.id + "'");
        long before = kit.nanoTime();
        while (leaving.round(true)) {
            kit.pass(Duration.ofMillis(501));
            nodes.forEach(it -> it.heartbeats.beat());
        }
        assertThat(owned).isGreaterThan(400);
        assertThat(Duration.ofNanos(kit.nanoTime() - before)).isLessThanOrEqualTo(Membership.LEAVE);
        assertThat(leaving.shards.begin()).isEmpty();
    }

    /** A call to a webhook that hangs, or a logout, makes each release take seconds. */
    @Test
    void a_node_that_leaves_releases_more_at_once_where_each_release_takes_long() throws Exception {
        List<TestNode> nodes = kit.settled("one", "two");
        TestNode leaving = nodes.getFirst();
        kit.execute("update node set leaving = true where id = '" + leaving.id + "'");
        long before = kit.nanoTime();
        leaving.duringRelease =
                () -> {
                    for (int second = 0; second < 3; second++) {
                        kit.pass(Duration.ofSeconds(1));
                        nodes.forEach(it -> it.heartbeats.beat());
                    }
                };
        for (int round = 0; round < 20; round++) {
            leaving.round(true);
            nodes.get(1).round(false);
        }
        assertThat(leaving.shards.begin()).isEmpty();
        assertThat(Duration.ofNanos(kit.nanoTime() - before))
                .isLessThanOrEqualTo(Membership.LEAVE.plusSeconds(3));
    }

    @Test
    void nothing_is_released_for_a_node_that_is_busy_when_it_is_first_seen() throws Exception {
        TestNode one = kit.settled("one").getFirst();
        TestNode two = kit.node("two");
        two.join();
        kit.execute("update node set busy = true where id = '" + two.id + "'");
        one.round(false);
        assertThat(one.shards.begin()).hasSize(1024);
        kit.execute("update node set busy = false where id = '" + two.id + "'");
        one.round(false);
        assertThat(one.shards.begin()).hasSize(1024 - ReleasedShards.FIRST);
    }

    @Test
    void nothing_is_released_for_a_node_that_rests_because_it_failed_to_begin() throws Exception {
        TestNode one = kit.settled("one").getFirst();
        TestNode two = kit.node("two");
        two.join();
        one.round(false);
        two.failing = true;
        two.round(false);
        assertThat(two.shards.begin()).isEmpty();
        int before = one.shards.begin().size();
        one.round(false);
        assertThat(one.shards.begin()).hasSize(before);
        two.failing = false;
        kit.settle(List.of(one, two), Duration.ofSeconds(30));
        kit.requireComplete(List.of(one, two));
    }

    @Test
    void a_node_that_does_not_take_holds_up_no_release_for_another() throws Exception {
        TestNode one = kit.settled("one").getFirst();
        TestNode two = kit.node("two");
        TestNode stuck = kit.node("stuck");
        two.join();
        stuck.join();
        kit.exchange(List.of(one, two));
        ShardPlan plan = ShardPlan.of(List.of(one.id, two.id, stuck.id));
        for (int shard = 0; shard < 1024; shard++) {
            assertThat(two.shards.mayBegin(shard)).isEqualTo(plan.isFor(shard, two.id));
        }
        assertThat(kit.count("select count(*) from shard where node is null"))
                .isBetween(1L, (long) ReleasedShards.FIRST);
    }

    @Test
    void a_node_that_leaves_waits_half_a_second_for_one_that_does_not_take() throws Exception {
        List<TestNode> nodes = kit.settled("one", "two");
        TestNode leaving = nodes.getFirst();
        int owned = leaving.shards.begin().size();
        kit.execute("update node set leaving = true where id = '" + leaving.id + "'");
        leaving.round(true);
        leaving.round(true);
        int group = Math.ceilDiv(owned, 30);
        assertThat(leaving.shards.begin()).hasSize(owned - group);
        kit.pass(Duration.ofMillis(501));
        leaving.round(true);
        // In the time that is left 29 groups have room, and one may be smaller than the first.
        int next = Math.ceilDiv(owned - group, 29);
        assertThat(leaving.shards.begin()).hasSize(owned - group - next);
    }

    @Test
    void nothing_more_is_released_for_a_busy_node_and_those_of_the_dead_it_takes_at_once()
            throws Exception {
        List<TestNode> nodes = kit.settled("one", "dead");
        TestNode one = nodes.get(0);
        TestNode dead = nodes.get(1);
        TestNode two = kit.node("two");
        two.join();
        one.round(false);
        two.busy = true;
        two.round(false);
        int first = two.shards.begin().size();
        assertThat(first).isEqualTo(ReleasedShards.FIRST);
        one.rounds();
        two.round(false);
        assertThat(two.shards.begin()).hasSize(first);
        // It does not end: no node waits for it for ever.
        kit.pass(Duration.ofSeconds(2));
        one.heartbeats.beat();
        two.heartbeats.beat();
        two.round(false);
        one.round(false);
        two.round(false);
        assertThat(two.shards.begin()).hasSizeGreaterThan(first);

        ShardPlan plan = ShardPlan.of(List.of(one.id, two.id));
        long fromDeadNode =
                dead.shards.begin().stream().filter(it -> plan.isFor(it, two.id)).count();
        dead.disconnect();
        int mostAtOnce = 0;
        for (int i = 0; i < 8; i++) {
            kit.pass(Duration.ofSeconds(1));
            one.heartbeats.beat();
            two.heartbeats.beat();
            int before = two.shards.begin().size();
            two.round(false);
            mostAtOnce = Math.max(mostAtOnce, two.shards.begin().size() - before);
            kit.requireSafety();
        }
        assertThat(mostAtOnce).isGreaterThan(ReleasedShards.MOST);
        assertThat(two.loop.takeovers()).isEqualTo(fromDeadNode);
        two.busy = false;
        kit.settle(List.of(one, two), Duration.ofSeconds(2));
        kit.requireComplete(List.of(one, two));
    }

    @Test
    void more_is_released_as_soon_as_a_busy_node_has_begun() throws Exception {
        TestNode one = kit.settled("one").getFirst();
        TestNode two = kit.node("two");
        two.join();
        one.round(false);
        two.busy = true;
        assertThat(two.round(false)).isTrue();
        int before = one.shards.begin().size();
        one.round(false);
        assertThat(one.shards.begin()).hasSize(before);
        two.busy = false;
        two.round(false);
        one.round(false);
        assertThat(one.shards.begin()).hasSize(before - 2 * ReleasedShards.FIRST);
        kit.requireSafety();
    }

    @Test
    void new_work_ends_before_the_release_and_writes_may_go_on_until_its_end() throws Exception {
        TestNode one = kit.settled("one").getFirst();
        kit.node("two").join();
        Set<Integer> before = one.shards.begin();
        Set<Integer> ending = new HashSet<>();
        one.duringRelease =
                () -> {
                    ending.addAll(before);
                    ending.removeAll(one.shards.begin());
                    assertThat(one.shards.epochs().keySet()).isEqualTo(before);
                    assertThat(kit.count("select count(*) from shard where node is not null"))
                            .isEqualTo(1024);
                };
        one.round(false);
        assertThat(ending).hasSize(ReleasedShards.FIRST);
        assertThat(one.shards.epochs().keySet()).doesNotContainAnyElementsOf(ending);
        assertThat(kit.count("select count(*) from shard where node is null"))
                .isEqualTo(ReleasedShards.FIRST);
    }

    @Test
    void a_write_with_the_epoch_of_a_released_shard_finds_no_row() throws Exception {
        TestNode one = kit.settled("one").getFirst();
        Map<Integer, Long> held = one.shards.epochs();
        kit.node("two").join();
        one.rounds();
        held.forEach((shard, epoch) -> {
            boolean stillOwned = one.shards.epochs().containsKey(shard);
            assertThat(
                            kit.count(
                                    "select count(*) from shard where id = "
                                            + shard
                                            + " and epoch = "
                                            + epoch))
                    .isEqualTo(stillOwned ? 1 : 0);
        });
    }

    @Test
    void a_node_that_leaves_releases_everything_and_others_take_it_at_once() throws Exception {
        List<TestNode> nodes = kit.settled("one", "two", "three");
        TestNode leaving = nodes.getFirst();
        List<TestNode> others = nodes.subList(1, 3);
        kit.execute("update node set leaving = true where id = '" + leaving.id + "'");
        while (leaving.round(true)) {
            for (TestNode other : others) {
                other.rounds();
            }
            kit.requireSafety();
        }
        for (TestNode other : others) {
            other.rounds();
        }
        assertThat(leaving.working).isEmpty();
        kit.requireComplete(others);
        leaving.heartbeats.close();
        assertThat(leaving.heartbeats.beat()).isFalse();
        assertThat(kit.count("select count(*) from node")).isEqualTo(2);
        kit.settle(others, Duration.ofSeconds(5));
        kit.requireComplete(others);
    }

    @Test
    void the_shards_of_a_killed_node_are_taken_when_its_row_has_expired_and_not_before()
            throws Exception {
        List<TestNode> nodes = kit.settled("one", "two", "three");
        TestNode killed = nodes.get(2);
        List<TestNode> others = nodes.subList(0, 2);
        killed.disconnect();
        int theirs = others.stream().mapToInt(node -> node.shards.begin().size()).sum();
        kit.settle(others, Heartbeats.LIFE.minus(HALF.multipliedBy(2)));
        assertThat(others.stream().mapToInt(node -> node.shards.begin().size()).sum())
                .isEqualTo(theirs);
        kit.settle(others, HALF.multipliedBy(4));
        kit.requireComplete(others);
        assertThat(others.stream().mapToLong(node -> node.loop.takeovers()).sum())
                .isEqualTo(1024 - theirs);
        assertThat(others).allMatch(node -> node.loop.unowned().count() == 0);
    }

    @Test
    void a_node_that_cannot_renew_stops_before_others_may_take_its_shards() throws Exception {
        TestNode node = kit.settled("one").getFirst();
        node.heartbeats.beat();
        node.disconnect();
        kit.pass(Heartbeats.TRUST.minusMillis(1));
        assertThat(node.heartbeats.beat()).isFalse();
        assertThat(node.heartbeats.isActive()).isTrue();
        kit.pass(Duration.ofMillis(1));
        assertThat(node.heartbeats.isActive()).isFalse();
        assertThat(Heartbeats.TRUST).isLessThan(DeadNodes.SEEN);
        assertThat(DeadNodes.SEEN).isLessThan(Heartbeats.LIFE);

        node.reconnect();
        assertThat(node.heartbeats.beat()).isTrue();
        assertThat(node.heartbeats.isActive()).isTrue();
    }

    @Test
    void a_machine_that_slept_does_not_trust_its_monotonic_clock() throws Exception {
        TestNode node = kit.settled("one").getFirst();
        node.wallAhead = Duration.ofMinutes(10);
        assertThat(node.heartbeats.isActive()).isFalse();
        node.heartbeats.beat();
        assertThat(node.heartbeats.isActive()).isTrue();
    }

    @Test
    void a_row_that_expired_and_is_still_there_is_renewed_with_all_shards() throws Exception {
        TestNode node = kit.settled("one").getFirst();
        Map<Integer, Long> before = node.shards.epochs();
        kit.pass(Duration.ofMinutes(10));
        assertThat(node.heartbeats.isActive()).isFalse();
        assertThat(node.round(false)).isFalse();
        node.heartbeats.beat();
        node.rounds();
        assertThat(node.shards.epochs()).isEqualTo(before);
        assertThat(node.calls).containsExactly("acquired 1024");
    }

    @Test
    void a_frozen_node_loses_its_shards_and_joins_again_when_it_wakes() throws Exception {
        List<TestNode> nodes = kit.settled("one", "two");
        TestNode frozen = nodes.get(0);
        TestNode other = nodes.get(1);
        int before = frozen.working.size();
        kit.settle(List.of(other), Duration.ofSeconds(30));
        kit.requireComplete(List.of(other));

        // The thread of the shards wakes first.
        frozen.rounds();
        kit.requireSafety();
        assertThat(frozen.heartbeats.isActive()).isFalse();
        frozen.heartbeats.beat();
        assertThat(frozen.heartbeats.isActive()).isTrue();
        assertThat(frozen.shards.begin()).isEmpty();
        kit.requireSafety();
        frozen.rounds();
        assertThat(frozen.calls).endsWith("lost " + before);
        assertThat(frozen.working).isEmpty();

        kit.settle(nodes, Duration.ofSeconds(2));
        kit.requireComplete(nodes);
    }

    @Test
    void a_node_that_froze_in_the_middle_of_taking_does_not_take_from_the_next_owner()
            throws Exception {
        TestNode one = kit.settled("one").getFirst();
        boolean[] slept = new boolean[1];
        kit.around(tables ->
                new PausedTables(tables) {
                    @Override
                    public Map<Integer, Long> take(UUID node, Map<Integer, Long> epochs) {
                        if (!slept[0]) {
                            slept[0] = true;
                            run(() -> kit.settle(List.of(one), Duration.ofSeconds(12)));
                        }
                        return super.take(node, epochs);
                    }
                });
        TestNode two = kit.node("two");
        two.join();
        one.rounds();
        two.round(false);
        assertThat(slept[0]).isTrue();
        kit.requireSafety();
        assertThat(two.working).isEmpty();
        kit.requireComplete(List.of(one));
        kit.settle(kit.nodes, Duration.ofSeconds(2));
        kit.requireComplete(kit.nodes);
    }

    @Test
    void what_a_node_took_before_it_was_removed_is_not_its_own_when_the_answer_comes()
            throws Exception {
        TestNode one = kit.settled("one").getFirst();
        TestNode[] two = new TestNode[1];
        boolean[] slept = new boolean[1];
        kit.around(tables ->
                new PausedTables(tables) {
                    @Override
                    public Map<Integer, Long> take(UUID node, Map<Integer, Long> epochs) {
                        Map<Integer, Long> taken = super.take(node, epochs);
                        if (!slept[0]) {
                            slept[0] = true;
                            run(() -> kit.settle(List.of(one), Duration.ofSeconds(12)));
                            // Its other thread wakes first, and joins again.
                            two[0].heartbeats.beat();
                            assertThat(two[0].heartbeats.isActive()).isTrue();
                        }
                        return taken;
                    }
                });
        two[0] = kit.node("two");
        two[0].join();
        one.rounds();
        two[0].round(false);
        assertThat(slept[0]).isTrue();
        assertThat(two[0].shards.begin()).isEmpty();
        assertThat(two[0].working).isEmpty();
        kit.settle(kit.nodes, Duration.ofSeconds(2));
        kit.requireComplete(kit.nodes);
    }

    @Test
    void a_release_that_comes_late_gives_up_nothing_that_was_taken_again() throws Exception {
        List<Runnable> late = new ArrayList<>();
        kit.around(tables ->
                new PausedTables(tables) {
                    @Override
                    public void giveUp(UUID node, Map<Integer, Long> epochs) {
                        late.add(() -> super.giveUp(node, epochs));
                        throw new DatabaseException("no route");
                    }
                });
        TestNode one = kit.settled("one").getFirst();
        TestNode two = kit.node("two");
        two.join();
        one.round();
        assertThat(late).hasSize(1);
        assertThat(one.shards.begin()).hasSize(1024 - ReleasedShards.FIRST);
        two.heartbeats.close();
        one.rounds();
        kit.requireComplete(List.of(one));
        late.forEach(Runnable::run);
        assertThat(kit.count("select count(*) from shard where node is null")).isZero();
        one.rounds();
        kit.requireComplete(List.of(one));
        assertThat(one.calls).noneMatch(call -> call.startsWith("lost"));
    }

    @Test
    void a_taking_whose_answer_was_lost_is_made_up_for() throws Exception {
        boolean[] lost = new boolean[1];
        kit.around(tables ->
                new PausedTables(tables) {
                    @Override
                    public Map<Integer, Long> take(UUID node, Map<Integer, Long> epochs) {
                        Map<Integer, Long> taken = super.take(node, epochs);
                        if (!lost[0]) {
                            lost[0] = true;
                            throw new DatabaseException("no route");
                        }
                        return taken;
                    }
                });
        TestNode one = kit.node("one");
        one.join();
        one.rounds();
        assertThat(one.shards.begin()).isEmpty();
        assertThat(kit.count("select count(*) from shard where node is null")).isZero();
        one.rounds();
        kit.requireComplete(List.of(one));
        assertThat(one.loop.takeovers()).isZero();
    }

    @Test
    void a_heartbeat_whose_answer_was_lost_only_fences_the_node_earlier() throws Exception {
        boolean[] losing = new boolean[1];
        kit.around(tables ->
                new PausedTables(tables) {
                    @Override
                    public Optional<Beat> renew(UUID id, String configuration) {
                        Optional<Beat> beat = super.renew(id, configuration);
                        if (losing[0]) {
                            throw new DatabaseException("no route");
                        }
                        return beat;
                    }
                });
        TestNode one = kit.settled("one").getFirst();
        TestNode two = kit.settled("two").getFirst();
        kit.settle(kit.nodes, Duration.ofSeconds(2));
        Map<Integer, Long> before = one.shards.epochs();
        losing[0] = true;
        kit.settle(List.of(one), Duration.ofSeconds(4));
        assertThat(one.heartbeats.isActive()).isFalse();
        losing[0] = false;
        kit.settle(kit.nodes, Duration.ofSeconds(5));
        assertThat(one.shards.epochs()).isEqualTo(before);
        assertThat(two.calls).noneMatch(call -> call.startsWith("lost"));
    }

    @Test
    void a_node_that_is_cut_off_is_replaced_and_returns() throws Exception {
        List<TestNode> nodes = kit.settled("one", "two", "three");
        TestNode cut = nodes.getFirst();
        cut.disconnect();
        kit.settle(nodes, Duration.ofSeconds(30));
        assertThat(cut.heartbeats.isActive()).isFalse();
        kit.requireComplete(nodes.subList(1, 3));
        cut.reconnect();
        kit.settle(nodes, Duration.ofSeconds(3));
        kit.requireComplete(nodes);
    }

    @Test
    void after_an_outage_of_all_the_first_one_back_takes_nothing_from_the_others()
            throws Exception {
        List<TestNode> nodes = kit.settled("one", "two", "three");
        nodes.forEach(TestNode::disconnect);
        kit.settle(nodes, Duration.ofSeconds(60));
        assertThat(nodes).noneMatch(node -> node.heartbeats.isActive());
        List<Map<Integer, Long>> before = nodes.stream().map(it -> it.shards.epochs()).toList();
        TestNode first = nodes.getFirst();
        first.reconnect();
        kit.settle(nodes, Duration.ofSeconds(3));
        nodes.forEach(TestNode::reconnect);
        kit.settle(nodes, Duration.ofSeconds(20));
        assertThat(nodes.stream().map(it -> it.shards.epochs()).toList()).isEqualTo(before);
        assertThat(nodes)
                .allMatch(node -> node.calls.stream().noneMatch(it -> it.contains("lost")));
    }

    @Test
    void one_that_does_not_come_back_from_the_outage_is_replaced_then() throws Exception {
        List<TestNode> nodes = kit.settled("one", "two", "three");
        nodes.forEach(TestNode::disconnect);
        kit.settle(nodes, Duration.ofSeconds(60));
        List<TestNode> back = nodes.subList(0, 2);
        back.forEach(TestNode::reconnect);
        kit.settle(back, Heartbeats.LIFE.plusSeconds(2));
        kit.requireComplete(back);
    }

    @Test
    void a_step_of_the_servers_clock_kills_no_node() throws Exception {
        List<TestNode> nodes = kit.settled("one", "two", "three");
        List<Map<Integer, Long>> before = nodes.stream().map(it -> it.shards.epochs()).toList();
        // The others' heartbeats are as late as they may be.
        nodes.forEach(node -> node.heartbeats.beat());
        nodes.getFirst().rounds();
        kit.pass(Heartbeats.TRUST.minusMillis(1));
        nodes.getFirst().heartbeats.beat();
        kit.stepServerClock(Duration.ofHours(1));
        for (TestNode node : nodes) {
            node.rounds();
        }
        kit.settle(nodes, Duration.ofSeconds(10));
        kit.stepServerClock(Duration.ofHours(-2));
        kit.settle(nodes, Duration.ofSeconds(20));
        assertThat(nodes.stream().map(it -> it.shards.epochs()).toList()).isEqualTo(before);
    }

    @Test
    void a_dead_node_is_found_also_after_the_servers_clock_was_set_back() throws Exception {
        List<TestNode> nodes = kit.settled("one", "two");
        kit.stepServerClock(Duration.ofHours(-2));
        nodes.get(1).disconnect();
        kit.settle(nodes.subList(0, 1), DeadNodes.SEEN_FOR_CERTAIN.plusSeconds(1));
        kit.requireComplete(nodes.subList(0, 1));
    }

    @Test
    void the_next_daemon_on_an_embedded_database_takes_over_at_once() throws Exception {
        TestNode dead = kit.node("same", true);
        dead.join();
        dead.rounds();
        TestNode next = kit.node("same", true);
        next.join();
        next.rounds();
        assertThat(next.shards.begin()).hasSize(1024);
        assertThat(kit.count("select count(*) from node")).isEqualTo(1);
    }

    @Test
    void a_part_that_fails_to_begin_gives_the_shards_back_and_gets_them_again() throws Exception {
        TestNode node = kit.node("one");
        boolean[] failing = {true};
        node.owners.add(
                new ShardOwner() {
                    @Override
                    public void acquired(Set<Integer> shards) {
                        if (failing[0]) {
                            throw new IllegalStateException("on purpose");
                        }
                    }

                    @Override
                    public void released(Set<Integer> shards, Deadline deadline) {}

                    @Override
                    public boolean isBusy() {
                        return false;
                    }

                    @Override
                    public void suspended() {}
                });
        node.join();
        node.rounds();
        assertThat(node.shards.epochs()).isEmpty();
        assertThat(node.working).isEmpty();
        assertThat(kit.count("select count(*) from shard where node is null")).isEqualTo(1024);
        failing[0] = false;
        kit.settle(List.of(node), Duration.ofSeconds(6));
        kit.requireComplete(List.of(node));
    }

    @Test
    void a_shard_without_an_owner_is_counted_with_its_time() throws Exception {
        List<TestNode> nodes = kit.settled("one", "two");
        TestNode one = nodes.get(0);
        kit.execute("update node set leaving = true where id = '" + nodes.get(1).id + "'");
        leave(nodes.get(1), nodes);
        kit.execute("update node set leaving = true where id = '" + one.id + "'");
        one.heartbeats.beat();
        leave(one, List.of(one));
        one.round(true);
        kit.pass(Duration.ofSeconds(2));
        assertThat(one.loop.unowned().count()).isEqualTo(1024);
        assertThat(one.loop.unowned().longest()).isEqualTo(Duration.ofSeconds(2));
    }

    /** A node releases everything while no other one takes it. */
    private void leave(TestNode node, List<TestNode> all) throws InterruptedException {
        while (node.round(true)) {
            kit.pass(Duration.ofMillis(501));
            all.forEach(it -> it.heartbeats.beat());
        }
    }

    @Test
    void a_heartbeat_stays_within_its_page_and_reads_the_servers_clock() throws Exception {
        TestNode node = kit.node("one");
        node.join();
        for (int i = 0; i < 300; i++) {
            node.heartbeats.beat();
        }
        assertThat(kit.count("select pg_relation_size('node')")).isEqualTo(8192);
        assertThat(node.times).hasSize(301);
        assertThat(node.heartbeats.members())
                .singleElement()
                .satisfies(it -> {
                    assertThat(it.id()).isEqualTo(node.id);
                    assertThat(it.name()).isEqualTo("one");
                    assertThat(it.version()).isEqualTo("test");
                    assertThat(it.configuration()).isEqualTo("configured");
                    assertThat(it.leaving()).isFalse();
                });
    }
}
