package dev.mailbell.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.cluster.ownership.ShardOwner;
import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseClock;
import dev.mailbell.database.FencedException;
import dev.mailbell.database.Sql;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.network.Deadline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.sql.Connection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Memberships with their threads; what they do step by step is in {@link MembershipStepsTest}. */
class MembershipTest {
    private static final URI ADDRESS = URI.create("http://127.0.0.1:2177");

    private final Database database = TestDatabase.create(2);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Set<Integer> working = ConcurrentHashMap.newKeySet();
    private final AtomicInteger suspensions = new AtomicInteger();

    @AfterEach
    void close() {
        database.close();
    }

    private Membership membership(String name, SimpleMeterRegistry registry) {
        Membership membership =
                new Membership(
                        database,
                        Node.current(name, null, "1.0", false),
                        new Membership.Settings(() -> "same", () -> Duration.ofSeconds(2)),
                        DatabaseClock.of(database, InstantSource.system()),
                        registry);
        membership.add(new Work());
        return membership;
    }

    /** Fails where a shard is acquired that the other node still works on. */
    private final class Work implements ShardOwner {
        private final Set<Integer> own = new HashSet<>();

        @Override
        public void acquired(Set<Integer> shards) {
            for (int shard : shards) {
                if (!working.add(shard)) {
                    throw new IllegalStateException("shard " + shard + " is worked on already");
                }
            }
            own.addAll(shards);
        }

        @Override
        public void released(Set<Integer> shards, Deadline deadline) {
            shards.stream().filter(own::remove).forEach(working::remove);
        }

        @Override
        public boolean isBusy() {
            return false;
        }

        @Override
        public void suspended() {
            suspensions.incrementAndGet();
        }
    }

    private double gauge(String name) {
        return meters.get(name).gauge().value();
    }

    @Test
    void two_nodes_share_the_shards_and_the_one_that_leaves_hands_all_over() throws Exception {
        try (Membership one = membership("one", meters);
                Membership two = membership("two", new SimpleMeterRegistry())) {
            one.join(ADDRESS);
            one.start();
            await().until(() -> one.shards().size() == 1024);
            assertThat(one.trouble()).isEmpty();
            assertThat(gauge("nodes.live")).isEqualTo(1);
            assertThat(gauge("node.active")).isEqualTo(1);

            two.join(null);
            two.start();
            ShardPlan plan = ShardPlan.of(List.of(one.self(), two.self()));
            await().until(() -> one.nodes() == 2);
            await().until(() ->
                    IntStream.range(0, 1024)
                            .allMatch(shard ->
                                    (plan.isFor(shard, one.self()) ? one : two).mayBegin(shard)));
            assertThat(one.live()).extracting(Member::name).containsExactly("one", "two");
            assertThat(one.live().getFirst().address()).isEqualTo(ADDRESS);
            assertThat(one.live().getLast().address()).isNull();
            int shardOfTwo = two.shards().iterator().next();
            await().until(() ->
                    one.ownerOf(shardOfTwo)
                            .filter(owner -> owner.id().equals(two.self()))
                            .isPresent());
            assertThat(one.mayBegin(shardOfTwo)).isFalse();
            assertThatExceptionOfType(FencedException.class)
                    .isThrownBy(() -> one.fence(shardOfTwo));
            assertThat(meters.get("fenced.writes").counter().count()).isEqualTo(1);
            assertThat(two.fence(shardOfTwo).epoch()).isPositive();
            assertThat(gauge("shards.owned")).isEqualTo(one.shards().size());
            // The work of a shard begins after the shard is owned.
            await().untilAsserted(() -> assertThat(working).hasSize(1024));

            one.leave();
            assertThat(one.shards()).isEmpty();
            assertThat(one.isActive()).isTrue();
            await().until(() -> two.shards().size() == 1024);
            one.close();
            assertThat(one.isActive()).isFalse();
            await().until(() -> two.nodes() == 1);
            assertThat(gauge("shards.owned")).isZero();
            await().untilAsserted(() -> assertThat(working).hasSize(1024));
        }
    }

    @Test
    void a_node_whose_heartbeat_gets_no_answer_suspends_its_work_once_and_goes_on_later()
            throws Exception {
        try (Membership one = membership("one", meters)) {
            one.join(ADDRESS);
            one.start();
            await().until(() -> one.shards().size() == 1024);
            long epoch = one.fence(7).epoch();
            int suspended;
            try (Connection locking = database.ownConnection(Duration.ofMinutes(1))) {
                locking.setAutoCommit(false);
                Sql.of("lock table node in access exclusive mode").update(locking);
                await().until(() -> !one.isActive() && suspensions.get() > 0);
                // On a busy machine a heartbeat may have been late before: then it is two.
                suspended = suspensions.get();
                assertThat(one.mayBegin(7)).isFalse();
                assertThat(one.trouble()).isNotEmpty();
                assertThatExceptionOfType(FencedException.class).isThrownBy(() -> one.fence(7));
                locking.rollback();
            }
            await().until(() -> one.mayBegin(7));
            assertThat(one.fence(7).epoch()).isEqualTo(epoch);
            assertThat(suspensions).hasValue(suspended);
            await().untilAsserted(() -> assertThat(working).hasSize(1024));
        }
    }

    @Test
    void a_node_that_did_not_join_may_do_nothing_and_says_why() throws Exception {
        try (Membership membership = membership("one", meters)) {
            assertThat(membership.isActive()).isFalse();
            assertThat(membership.mayBegin(0)).isFalse();
            assertThat(membership.shards()).isEmpty();
            assertThat(membership.nodes()).isEqualTo(1);
            assertThat(membership.ownerOf(0)).isEmpty();
            assertThat(membership.trouble())
                    .containsExactly(
                            "this node cannot renew its heartbeat in the database; checks and deliveries wait");
            membership.leave();
        }
    }
}
