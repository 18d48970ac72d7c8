package dev.mailbell.cluster.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ShardOwnersTest {
    private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    private final ShardOwners owners = new ShardOwners();

    private ShardOwner owner(String name, CountDownLatch ends) {
        return new ShardOwner() {
            @Override
            public void acquired(Set<Integer> shards) {
                calls.add(name + " acquired " + shards);
            }

            @Override
            public void released(Set<Integer> shards, Deadline deadline)
                    throws InterruptedException {
                calls.add(name + (deadline.isPast() ? " lost " : " released ") + shards);
                try {
                    ends.await();
                } catch (InterruptedException e) {
                    calls.add(name + " was interrupted");
                    throw e;
                }
            }

            @Override
            public boolean isBusy() {
                return false;
            }

            @Override
            public void suspended() {
                throw new IllegalStateException("on purpose");
            }
        };
    }

    @Test
    void a_release_that_hangs_is_interrupted_and_does_not_keep_the_others() throws Exception {
        owners.add(owner("delivery", new CountDownLatch(1)));
        owners.add(owner("watch", new CountDownLatch(0)));
        owners.released(Set.of(7), Duration.ofMillis(1));
        assertThat(calls)
                .containsExactly(
                        "delivery released [7]", "delivery was interrupted", "watch released [7]");
    }

    @Test
    void what_is_lost_has_no_time_left() throws Exception {
        owners.add(owner("watch", new CountDownLatch(0)));
        owners.lost(Set.of(7));
        assertThat(calls).containsExactly("watch lost [7]");
    }

    @Test
    void a_part_that_fails_does_not_keep_others_from_suspending() {
        List<String> suspended = new ArrayList<>();
        owners.add(owner("delivery", new CountDownLatch(0)));
        owners.add(
                new ShardOwner() {
                    @Override
                    public void acquired(Set<Integer> shards) {}

                    @Override
                    public void released(Set<Integer> shards, Deadline deadline) {}

                    @Override
                    public boolean isBusy() {
                        return false;
                    }

                    @Override
                    public void suspended() {
                        suspended.add("watch");
                    }
                });
        owners.suspended();
        assertThat(suspended).containsExactly("watch");
    }
}
