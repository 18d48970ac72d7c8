package dev.mailbell.delivery.outcome;

import dev.mailbell.database.Database;
import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outcome.OutcomeTable.WebhookChanges;
import dev.mailbell.fairness.FairQueue;
import dev.mailbell.webhook.Webhook;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the outcomes of attempts in batches: what gathers while a batch is written makes the next
 * one, in which clients take turns. Two threads write the successes of healthy webhooks, those of
 * one webhook always by the same thread. A third one writes all outcomes that change the row of a
 * webhook, throttled. While the database is away the outcomes wait here, and deliveries stop: a
 * sending thread keeps its permit until it has submitted its outcome.
 */
public final class OutcomeWriter {
    private static final Logger LOG = LoggerFactory.getLogger(OutcomeWriter.class);
    private static final int SUCCESS_WORKERS = 2;
    private static final int BATCH = 250;
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final Duration REFUSED_RETRY = Duration.ofMinutes(1);
    private static final Duration IDLE = Duration.ofMillis(100);

    /**
     * Outcomes that wait for the throttled thread at most: more than there are permits, so that
     * calls which fail all at once release theirs.
     */
    private static final int MAX_HEALTH_UPDATES = 2 * DeliveryPermits.ALL;

    /** Refused outcomes that one thread sets aside at most; with so many it blocks on the next. */
    private static final int MAX_REFUSED = 1000;

    /** A thread that writes, and its queue of outcomes. */
    private final class Worker {
        final FairQueue<PendingOutcome> queue;
        final Deque<Refused> refused = new ArrayDeque<>();
        final Thread thread = Thread.ofVirtual().name("outcome-writer").unstarted(() -> run(this));

        Worker(int capacity) {
            queue = new FairQueue<>(capacity);
        }
    }

    /**
     * An outcome that the database refused, and when it is written again, by the monotonic clock.
     */
    private record Refused(PendingOutcome pending, long at) {}

    /** An outcome to write, and what to run then; compared by identity. */
    public static final class PendingOutcome {
        private final AttemptOutcome outcome;
        private final Runnable onWritten;
        private final Runnable onFenced;

        /**
         * @param onWritten to run once it is written
         * @param onFenced to run instead, when it is dropped because another node owns the delivery
         */
        public PendingOutcome(AttemptOutcome outcome, Runnable onWritten, Runnable onFenced) {
            this.outcome = outcome;
            this.onWritten = onWritten;
            this.onFenced = onFenced;
        }

        AttemptOutcome outcome() {
            return outcome;
        }

        PendingOutcome withoutTexts() {
            return new PendingOutcome(outcome.withoutTexts(), onWritten, onFenced);
        }

        Runnable after(boolean fenced) {
            return fenced ? onFenced : onWritten;
        }
    }

    private final OutcomeTable table;
    private final Consumer<WebhookChanges> listener;
    private final Duration refusedRetry;
    private final DatabaseThrottle throttle;
    private final Worker healthUpdates = new Worker(MAX_HEALTH_UPDATES);
    private final List<Worker> successes =
            Stream.generate(() -> new Worker(2 * BATCH)).limit(SUCCESS_WORKERS).toList();
    private final List<Worker> workers =
            Stream.concat(successes.stream(), Stream.of(healthUpdates)).toList();
    private volatile boolean stopping;

    /**
     * @param listener gets the changed webhooks, before what the outcomes of the batch name to run
     *     then
     */
    public OutcomeWriter(
            OutcomeTable table, Consumer<WebhookChanges> listener, DatabaseThrottle throttle) {
        this(table, listener, throttle, REFUSED_RETRY);
    }

    /**
     * @param refusedRetry the wait before a refused outcome is written again
     */
    OutcomeWriter(
            OutcomeTable table,
            Consumer<WebhookChanges> listener,
            DatabaseThrottle throttle,
            Duration refusedRetry) {
        this.throttle = throttle;
        this.table = table;
        this.listener = listener;
        this.refusedRetry = refusedRetry;
    }

    public void start() {
        workers.forEach(worker -> worker.thread.start());
    }

    /**
     * Submits an outcome; waits while the queue is full, which slows the sending threads down.
     *
     * @throws InterruptedException also when the writing thread has ended
     */
    public void submit(PendingOutcome pending) throws InterruptedException {
        Webhook webhook = pending.outcome().webhook();
        int hash = webhook.id().hashCode();
        Worker worker =
                HealthUpdate.changesHealth(pending.outcome())
                        ? healthUpdates
                        : successes.get(Math.floorMod(hash, SUCCESS_WORKERS));
        do {
            if (stopping && !worker.thread.isAlive()) {
                throw new InterruptedException("outcomes are no longer written");
            }
        } while (!worker.queue.offer(webhook.clientId(), pending, PAUSE.toNanos()));
    }

    /**
     * Writes the outcomes submitted so far and ends; false when that takes longer than the limit.
     */
    public boolean stop(Duration limit) throws InterruptedException {
        stopping = true;
        throttle.end();
        long end = System.nanoTime() + limit.toNanos();
        boolean ended = true;
        for (Worker worker : workers) {
            Thread thread = worker.thread;
            if (!thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())))) {
                thread.interrupt();
                ended = false;
            }
        }
        return ended;
    }

    private void run(Worker worker) {
        List<PendingOutcome> batch = new ArrayList<>(BATCH);
        try {
            while (true) {
                if (worker.queue.drainTo(batch, BATCH, IDLE.toNanos())) {
                    write(batch, worker);
                    batch.clear();
                } else if (stopping) {
                    if (!worker.refused.isEmpty()) {
                        LOG.warn(
                                "{} outcomes that the database refused were not written; their deliveries will be sent again",
                                worker.refused.size());
                    }
                    return;
                }
                writeRefused(worker);
            }
        } catch (InterruptedException e) {
            // Deliveries whose outcomes are lost are sent again: at least once.
            LOG.warn(
                    "{} outcomes of deliveries were not written; their deliveries will be sent again",
                    batch.size() + worker.queue.size() + worker.refused.size());
        }
    }

    /**
     * Writes a batch, and tries again until it succeeds. A batch that is refused is split, so that
     * an outcome that cannot be written does not hold up the others.
     */
    private void write(List<PendingOutcome> batch, Worker worker) throws InterruptedException {
        boolean warned = false;
        while (true) {
            try {
                if (worker == healthUpdates) {
                    throttle.run(() -> writeOnce(batch));
                } else {
                    writeOnce(batch);
                }
                return;
            } catch (RuntimeException e) {
                if (Database.isRefused(e)) {
                    split(batch, worker, e);
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

    private void split(List<PendingOutcome> batch, Worker worker, RuntimeException refusal)
            throws InterruptedException {
        if (batch.size() > 1) {
            int middle = batch.size() / 2;
            write(batch.subList(0, middle), worker);
            write(batch.subList(middle, batch.size()), worker);
            return;
        }
        PendingOutcome one = batch.getFirst();
        LOG.warn(
                "The outcome of delivery {} is refused by the database: {}",
                one.outcome().delivery().id(),
                refusal.getMessage());
        PendingOutcome textless = one.withoutTexts();
        while (!wroteAlone(textless)) {
            if (worker.refused.size() < MAX_REFUSED) {
                worker.refused.add(
                        new Refused(textless, System.nanoTime() + refusedRetry.toNanos()));
                return;
            }
            Thread.sleep(PAUSE);
        }
    }

    /** Retries the refused outcomes. Until one is written its mailbox waits in the queue. */
    private void writeRefused(Worker worker) {
        while (!worker.refused.isEmpty()
                && worker.refused.getFirst().at() - System.nanoTime() <= 0) {
            Refused next = worker.refused.removeFirst();
            if (!wroteAlone(next.pending())) {
                worker.refused.add(
                        new Refused(next.pending(), System.nanoTime() + refusedRetry.toNanos()));
            }
        }
    }

    private boolean wroteAlone(PendingOutcome pending) {
        try {
            writeOnce(List.of(pending));
            return true;
        } catch (RuntimeException e) {
            LOG.debug(
                    "The outcome of delivery {} is set aside: {}",
                    pending.outcome().delivery().id(),
                    e.getMessage());
            return false;
        }
    }

    private WebhookChanges writeOnce(List<PendingOutcome> batch) {
        WebhookChanges changes = table.write(batch.stream().map(PendingOutcome::outcome).toList());
        run(() -> listener.accept(changes));
        batch.forEach(pending ->
                run(pending.after(changes.fenced().contains(pending.outcome().delivery().id()))));
        return changes;
    }

    /** A listener that fails must not end the thread. */
    private static void run(Runnable listener) {
        try {
            listener.run();
        } catch (RuntimeException e) {
            LOG.error("A written outcome could not be processed", e);
        }
    }
}
