package dev.mailbell.delivery.outcome;

import dev.mailbell.database.Database;
import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outcome.OutcomeTable.Ended;
import dev.mailbell.delivery.outcome.OutcomeTable.Written;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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
 * the next one. Three batches are written at once: two of successes of healthy webhooks, each
 * webhook's always by the same writer, and one of all the rest, which changes rows of webhooks and
 * is throttled. While the database is away outcomes wait here; the lanes stop by themselves,
 * because a sender keeps its slot until it has handed its outcome over.
 */
public final class OutcomeWriter {
    private static final Logger LOG = LoggerFactory.getLogger(OutcomeWriter.class);
    private static final int WRITERS = 2;
    private static final int BATCH = 250;
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final Duration REFUSED_AGAIN = Duration.ofMinutes(1);
    private static final Duration IDLE = Duration.ofMillis(100);

    /**
     * Outcomes that wait for the throttled writer at most: more than there are slots, so that calls
     * which fail all at once hold none of these.
     */
    private static final int MOST_NEWS = 2 * DeliveryPermits.ALL;

    /** Outcomes set aside by one writer at most; then it takes no more. */
    private static final int MOST_REFUSED = 1000;

    /** A thread that writes, and the outcomes that wait for it. */
    private final class Writer {
        final BlockingQueue<Completion> queue;
        final Deque<Refused> refused = new ArrayDeque<>();
        final Thread thread = Thread.ofVirtual().name("completer").unstarted(() -> run(this));

        Writer(int capacity) {
            queue = new ArrayBlockingQueue<>(capacity);
        }
    }

    /** An outcome that the database does not take, and when it is tried again. */
    private record Refused(Completion completion, long at) {}

    /** An outcome, and what to do once it is written. */
    public record Completion(Ended ended, Runnable written) {}

    private final OutcomeTable completions;
    private final Consumer<Written> listener;
    private final Duration again;
    private final DatabaseThrottle throttle;
    private final Writer news = new Writer(MOST_NEWS);
    private final List<Writer> successes =
            Stream.generate(() -> new Writer(2 * BATCH)).limit(WRITERS).toList();
    private final List<Writer> writers =
            Stream.concat(successes.stream(), Stream.of(news)).toList();
    private volatile boolean stopping;

    /**
     * @param listener is told what was written of webhooks before the lanes go on
     */
    public OutcomeWriter(
            OutcomeTable completions, Consumer<Written> listener, DatabaseThrottle throttle) {
        this(completions, listener, throttle, REFUSED_AGAIN);
    }

    /**
     * @param again after what time an outcome that was refused is tried again
     */
    OutcomeWriter(
            OutcomeTable completions,
            Consumer<Written> listener,
            DatabaseThrottle throttle,
            Duration again) {
        this.throttle = throttle;
        this.completions = completions;
        this.listener = listener;
        this.again = again;
    }

    public void start() {
        writers.forEach(writer -> writer.thread.start());
    }

    /**
     * Hands an outcome over; waits while the queue is full, which holds the senders back.
     *
     * @throws InterruptedException also when the writer has ended
     */
    public void submit(Completion completion) throws InterruptedException {
        int hash = completion.ended().webhook().id().hashCode();
        Writer writer =
                HealthUpdate.isWorthWriting(completion.ended())
                        ? news
                        : successes.get(Math.floorMod(hash, WRITERS));
        do {
            if (stopping && !writer.thread.isAlive()) {
                throw new InterruptedException("outcomes are no longer written");
            }
        } while (!writer.queue.offer(completion, PAUSE.toMillis(), TimeUnit.MILLISECONDS));
    }

    /** Writes what has gathered, then ends; false when that took longer than the limit. */
    public boolean stop(Duration limit) throws InterruptedException {
        stopping = true;
        throttle.end();
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

    private void run(Writer writer) {
        List<Completion> batch = new ArrayList<>(BATCH);
        try {
            while (true) {
                Completion first = writer.queue.poll(IDLE.toMillis(), TimeUnit.MILLISECONDS);
                if (first != null) {
                    batch.add(first);
                    writer.queue.drainTo(batch, BATCH - 1);
                    write(batch, writer);
                    batch.clear();
                } else if (stopping) {
                    if (!writer.refused.isEmpty()) {
                        LOG.warn(
                                "{} outcomes that the database refused were not written; they will be delivered again",
                                writer.refused.size());
                    }
                    return;
                }
                writeRefused(writer);
            }
        } catch (InterruptedException e) {
            // What is not written was sent, and will be sent again: at least once.
            LOG.warn(
                    "{} outcomes of deliveries were not written; they will be delivered again",
                    batch.size() + writer.queue.size() + writer.refused.size());
        }
    }

    /**
     * Writes all, however often it must be tried. Where a row may be refused the batch is split, so
     * that one that cannot be written holds up no other.
     */
    private void write(List<Completion> batch, Writer writer) throws InterruptedException {
        boolean warned = false;
        while (true) {
            try {
                if (writer == news) {
                    throttle.run(() -> writeOnce(batch));
                } else {
                    writeOnce(batch);
                }
                return;
            } catch (RuntimeException e) {
                if (Database.isRefused(e)) {
                    split(batch, writer, e);
                    return;
                }
                if (!warned) {
                    LOG.warn(
                            "The outcomes of {} deliveries cannot be written yet: {}",
                            batch.size(),
                            e.getMessage());
                    warned = true;
                }
                Thread.sleep(PAUSE);
            }
        }
    }

    private void split(List<Completion> batch, Writer writer, RuntimeException refusal)
            throws InterruptedException {
        if (batch.size() > 1) {
            int middle = batch.size() / 2;
            write(batch.subList(0, middle), writer);
            write(batch.subList(middle, batch.size()), writer);
            return;
        }
        Completion one = batch.getFirst();
        LOG.warn(
                "The outcome of delivery {} is refused by the database: {}",
                one.ended().delivery().id(),
                refusal.getMessage());
        Completion bare = new Completion(one.ended().bare(), one.written());
        while (!wroteAlone(bare)) {
            if (writer.refused.size() < MOST_REFUSED) {
                writer.refused.add(new Refused(bare, System.nanoTime() + again.toNanos()));
                return;
            }
            Thread.sleep(PAUSE);
        }
    }

    /** The mailboxes of these wait: what was sent is not sent again while this process lives. */
    private void writeRefused(Writer writer) {
        while (!writer.refused.isEmpty()
                && writer.refused.getFirst().at() - System.nanoTime() <= 0) {
            Refused next = writer.refused.removeFirst();
            if (!wroteAlone(next.completion())) {
                writer.refused.add(
                        new Refused(next.completion(), System.nanoTime() + again.toNanos()));
            }
        }
    }

    private boolean wroteAlone(Completion completion) {
        try {
            writeOnce(List.of(completion));
            return true;
        } catch (RuntimeException e) {
            LOG.debug(
                    "The outcome of delivery {} is set aside: {}",
                    completion.ended().delivery().id(),
                    e.getMessage());
            return false;
        }
    }

    private Written writeOnce(List<Completion> batch) {
        Written written = completions.write(batch.stream().map(Completion::ended).toList());
        tell(() -> listener.accept(written));
        batch.forEach(completion -> tell(completion.written()));
        return written;
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
