package dev.mailbell.fairness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FairSemaphoreTest {
    private static final UUID A = new UUID(0, 1);
    private static final UUID B = new UUID(0, 2);

    private final FairSemaphore semaphore = new FairSemaphore(1);
    private final List<UUID> acquired = Collections.synchronizedList(new ArrayList<>());

    /** A thread of the client that acquires and releases a permit; returns when it waits. */
    private Thread waits(UUID client) {
        int before = semaphore.waiting();
        Thread thread =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                semaphore.acquire(client);
                                acquired.add(client);
                                semaphore.release();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        await().until(() -> semaphore.waiting() == before + 1);
        return thread;
    }

    @Test
    void threads_get_permits_by_turns_of_their_clients() throws Exception {
        semaphore.acquire(A);
        List<Thread> threads = List.of(waits(A), waits(A), waits(A), waits(B));
        semaphore.release();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(acquired).containsExactly(A, B, A, A);
    }

    @Test
    void a_thread_whose_time_is_over_or_that_is_interrupted_waits_no_longer() throws Exception {
        semaphore.acquire(A);
        assertThat(semaphore.tryAcquire(B, 1_000)).isFalse();
        Thread interrupted = waits(B);
        interrupted.interrupt();
        interrupted.join();
        assertThat(semaphore.waiting()).isZero();
        semaphore.release();
        assertThat(semaphore.tryAcquire(B, 0)).isTrue();
        assertThat(semaphore.tryAcquire(B, 0)).isFalse();
        assertThat(acquired).isEmpty();
    }
}
