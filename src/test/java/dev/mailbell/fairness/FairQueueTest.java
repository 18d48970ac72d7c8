package dev.mailbell.fairness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class FairQueueTest {
    private static final UUID A = new UUID(0, 1);
    private static final UUID B = new UUID(0, 2);
    private static final long LONG = Long.MAX_VALUE;

    private final FairQueue<Integer> queue = new FairQueue<>(16);

    private List<Integer> drain(int most) throws InterruptedException {
        List<Integer> drained = new ArrayList<>();
        assertThat(queue.drainTo(drained, most, LONG)).isTrue();
        return drained;
    }

    @Test
    void a_client_that_fills_the_queue_leaves_capacity_and_turns_to_another() throws Exception {
        assertThat(queue.offer(B, 100, 0)).isTrue();
        assertThat(drain(1)).containsExactly(100);
        int added = 0;
        while (queue.offer(A, added, 0)) {
            added++;
        }
        assertThat(added).isEqualTo(14);
        assertThat(queue.offer(B, 101, 0)).isTrue();
        assertThat(drain(4)).containsExactly(0, 101, 1, 2);
        assertThat(queue.size()).isEqualTo(11);
    }

    @Test
    void an_element_waits_for_capacity_and_a_reader_for_an_element() throws Exception {
        assertThat(queue.drainTo(new ArrayList<>(), 1, 1_000)).isFalse();
        for (int i = 0; i < 16; i++) {
            assertThat(queue.offer(A, i, 0)).isTrue();
        }
        FutureTask<Boolean> offered = new FutureTask<>(() -> queue.offer(A, 16, LONG));
        Thread.ofVirtual().start(offered);
        assertThat(drain(100)).hasSizeGreaterThanOrEqualTo(16);
        assertThat(offered.get()).isTrue();
        FutureTask<List<Integer>> read = new FutureTask<>(() -> drain(100));
        if (queue.size() > 0) {
            drain(100);
        }
        Thread.ofVirtual().start(read);
        assertThat(queue.offer(B, 17, 0)).isTrue();
        assertThat(read.get()).containsExactly(17);
    }
}
