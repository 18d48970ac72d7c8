package dev.mailbell.watch.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.watch.schedule.TimerQueue.Timer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** On a clock that only the test moves. */
class TimerQueueTest {
    private volatile long now = 1_000;
    private final TimerQueue<String> timers = new TimerQueue<>(() -> now);
    private final Timer<String> ann = new Timer<>("ann");
    private final Timer<String> bob = new Timer<>("bob");

    @Test
    void entries_come_in_the_order_of_their_times() throws InterruptedException {
        timers.schedule(ann, 20);
        timers.schedule(bob, 10);
        now += 20;
        assertThat(timers.take()).isEqualTo("bob");
        assertThat(timers.take()).isEqualTo("ann");
        assertThat(timers.size()).isZero();
    }

    @Test
    void a_timer_that_is_set_again_has_only_its_last_time() throws InterruptedException {
        timers.schedule(ann, 10);
        timers.schedule(ann, 30);
        timers.schedule(bob, 20);
        assertThat(timers.size()).isEqualTo(2);
        assertThat(timers.dueIn(ann)).isEqualTo(30);
        now += 40;
        assertThat(timers.take()).isEqualTo("bob");
        assertThat(timers.take()).isEqualTo("ann");
        assertThat(timers.dueAt(ann)).isEqualTo(1_030);
    }

    @Test
    void a_cleared_timer_does_not_come() throws InterruptedException {
        timers.schedule(ann, 10);
        timers.schedule(bob, 20);
        timers.cancel(ann);
        timers.cancel(ann);
        assertThat(timers.size()).isEqualTo(1);
        assertThat(timers.dueIn(ann)).isEqualTo(Long.MAX_VALUE);
        now += 50;
        assertThat(timers.untilFirst()).isEqualTo(-30);
        assertThat(timers.take()).isEqualTo("bob");
        assertThat(timers.untilFirst()).isZero();
    }

    @Test
    void a_thread_that_waits_gets_a_timer_that_is_set_to_earlier() throws Exception {
        timers.schedule(ann, Long.MAX_VALUE / 2);
        CompletableFuture<String> taken = new CompletableFuture<>();
        Thread taker =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                taken.complete(timers.take());
                            } catch (InterruptedException e) {
                                taken.completeExceptionally(e);
                            }
                        });
        timers.schedule(bob, 0);
        assertThat(taken.get()).isEqualTo("bob");
        taker.join();
    }

    @Test
    void a_clock_that_passes_zero_keeps_the_order() throws InterruptedException {
        now = -5;
        timers.schedule(ann, 10);
        timers.schedule(bob, 3);
        now = 20;
        assertThat(timers.take()).isEqualTo("bob");
        assertThat(timers.take()).isEqualTo("ann");
    }

    @Test
    void random_histories_agree_with_a_plain_map() throws InterruptedException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<Timer<String>> all = new ArrayList<>();
        Map<String, Long> expected = new HashMap<>();
        for (int i = 0; i < 50; i++) {
            all.add(new Timer<>("account " + i));
        }
        for (int step = 0; step < 20_000; step++) {
            int number = random.nextInt(all.size());
            String name = "account " + number;
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    // Unique times: the order of equal ones is not promised.
                    long in = random.nextInt(1_000) * 100_000L + step;
                    timers.schedule(all.get(number), in);
                    expected.put(name, now + in);
                }
                case 2 -> {
                    timers.cancel(all.get(number));
                    expected.remove(name);
                }
                default -> {
                    now += random.nextInt(1_000_000);
                    while (!expected.isEmpty()) {
                        Map.Entry<String, Long> first =
                                expected.entrySet().stream()
                                        .min(Comparator.comparingLong(Map.Entry::getValue))
                                        .orElseThrow();
                        assertThat(timers.untilFirst())
                                .as("seed %d", seed)
                                .isEqualTo(first.getValue() - now);
                        if (first.getValue() > now) {
                            break;
                        }
                        long due = first.getValue();
                        String taken = timers.take();
                        assertThat(expected.get(taken)).as("seed %d", seed).isEqualTo(due);
                        expected.remove(taken);
                    }
                }
            }
            assertThat(timers.size()).as("seed %d", seed).isEqualTo(expected.size());
        }
    }
}
