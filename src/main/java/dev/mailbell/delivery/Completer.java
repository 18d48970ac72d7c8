package dev.mailbell.delivery;

import dev.mailbell.delivery.DeliveryStore.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down how deliveries ended: whatever has gathered while the last batch was written goes
 * with the next one. While the database is away outcomes wait here; the lanes stop by themselves,
 * because a delivery keeps its place until then.
 */
final class Completer {
    private static final Logger LOG = LoggerFactory.getLogger(Completer.class);
    private static final int BATCH = 100;
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final Duration IDLE = Duration.ofMillis(100);

    /** An outcome, and what to do once it is written. */
    record Completion(Outcome outcome, Runnable written) {}

    private final DeliveryStore deliveries;
    private final BlockingQueue<Completion> queue = new ArrayBlockingQueue<>(4 * BATCH);
    private final Thread thread = Thread.ofVirtual().name("completer").unstarted(this::run);
    private volatile boolean stopping;

    Completer(DeliveryStore deliveries) {
        this.deliveries = deliveries;
    }

    void start() {
        thread.start();
    }

    /** Hands an outcome over; waits while the queue is full, which holds the senders back. */
    void submit(Completion completion) throws InterruptedException {
        queue.put(completion);
    }

    /** Writes what has gathered, then ends; false when that took longer than the limit. */
    boolean stop(Duration limit) throws InterruptedException {
        stopping = true;
        boolean ended = thread.join(limit);
        if (!ended) {
            thread.interrupt();
        }
        return ended;
    }

    private void run() {
        List<Completion> batch = new ArrayList<>(BATCH);
        try {
            while (true) {
                Completion first = queue.poll(IDLE.toMillis(), TimeUnit.MILLISECONDS);
                if (first == null) {
                    if (stopping) {
                        return;
                    }
                    continue;
                }
                batch.add(first);
                queue.drainTo(batch, BATCH - 1);
                write(batch);
                batch.clear();
            }
        } catch (InterruptedException e) {
            // What is not written was sent, and will be sent again: at least once.
            LOG.warn(
                    "{} outcomes of deliveries were not written; they will be delivered again",
                    batch.size() + queue.size());
        }
    }

    private void write(List<Completion> batch) throws InterruptedException {
        List<Outcome> outcomes = batch.stream().map(Completion::outcome).toList();
        boolean told = false;
        while (true) {
            try {
                deliveries.complete(outcomes);
                break;
            } catch (RuntimeException e) {
                if (!told) {
                    LOG.warn(
                            "The outcomes of {} deliveries cannot be written yet: {}",
                            batch.size(),
                            e.getMessage());
                    told = true;
                }
                Thread.sleep(PAUSE);
            }
        }
        batch.forEach(completion -> completion.written().run());
    }
}
