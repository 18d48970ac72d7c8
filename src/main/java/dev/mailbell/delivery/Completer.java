package dev.mailbell.delivery;

import dev.mailbell.delivery.Completions.Ended;
import dev.mailbell.delivery.Completions.Written;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down how attempts ended: whatever has gathered while the last batch was written goes with
 * the next one. Two batches are written at once, each webhook's always by the same writer. While
 * the database is away outcomes wait here; the lanes stop by themselves, because a sender keeps its
 * slot until it has handed its outcome over.
 */
final class Completer {
    private static final Logger LOG = LoggerFactory.getLogger(Completer.class);
    private static final int WRITERS = 2;
    private static final int BATCH = 250;
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final Duration IDLE = Duration.ofMillis(100);

    private final class Writer {
        final BlockingQueue<Completion> queue = new ArrayBlockingQueue<>(2 * BATCH);
        final Thread thread = Thread.ofVirtual().name("completer").unstarted(() -> run(queue));
    }

    /** An outcome, and what to do once it is written. */
    record Completion(Ended ended, Runnable written) {}

    private final Completions completions;
    private final Consumer<Written> listener;
    private final List<Writer> writers = Stream.generate(Writer::new).limit(WRITERS).toList();
    private volatile boolean stopping;

    /**
     * @param listener is told what was written of webhooks before the lanes go on
     */
    Completer(Completions completions, Consumer<Written> listener) {
        this.completions = completions;
        this.listener = listener;
    }

    void start() {
        writers.forEach(writer -> writer.thread.start());
    }

    /** Hands an outcome over; waits while the queue is full, which holds the senders back. */
    void submit(Completion completion) throws InterruptedException {
        int hash = completion.ended().webhook().id().hashCode();
        writers.get(Math.floorMod(hash, WRITERS)).queue.put(completion);
    }

    /** Writes what has gathered, then ends; false when that took longer than the limit. */
    boolean stop(Duration limit) throws InterruptedException {
        stopping = true;
        long end = System.nanoTime() + limit.toNanos();
        boolean ended = true;
        for (Writer writer : writers) {
            Thread thread = writer.thread;
            if (!thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())))) {
                thread.interrupt();
                ended = false;
            }
        }
        return ended;
    }

    private void run(BlockingQueue<Completion> queue) {
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
        List<Ended> ended = batch.stream().map(Completion::ended).toList();
        boolean told = false;
        while (true) {
            Written written;
            try {
                written = completions.write(ended);
            } catch (RuntimeException e) {
                if (!told) {
                    LOG.warn(
                            "The outcomes of {} deliveries cannot be written yet: {}",
                            batch.size(),
                            e.getMessage());
                    told = true;
                }
                Thread.sleep(PAUSE);
                continue;
            }
            tell(() -> listener.accept(written));
            batch.forEach(completion -> tell(completion.written()));
            return;
        }
    }

    /** What is made of an outcome must not end the writing of outcomes. */
    private static void tell(Runnable told) {
        try {
            told.run();
        } catch (RuntimeException e) {
            LOG.error("A written outcome could not be taken in", e);
        }
    }
}
