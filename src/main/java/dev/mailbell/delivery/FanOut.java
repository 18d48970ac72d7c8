package dev.mailbell.delivery;

import dev.mailbell.cluster.ShardBits;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.database.FencedException;
import dev.mailbell.database.Sql;
import dev.mailbell.delivery.DeferredBatches.Batch;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.queue.DeliveryDispatcher;
import dev.mailbell.delivery.queue.DeliveryMeters;
import dev.mailbell.delivery.queue.ReadFailures;
import dev.mailbell.network.Deadline;
import java.sql.Connection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds the deliveries that were deferred because very many webhooks, or many that are not healthy,
 * subscribe to one event. One thread serves healthy webhooks in batches; another one serves all,
 * {@linkplain DatabaseThrottle throttled}. So unhealthy webhooks do not delay healthy ones, and a
 * webhook that becomes healthy again is served before the others. Deferred events of one mailbox
 * become one delivery a webhook. The clients that have deferred events take turns. The work is a
 * table, of which a crash loses nothing. Both threads lock the rows of a mailbox in the order of
 * their events. They work on the rows of this node's shards; a batch is of one shard, and is
 * committed only while the node owns it.
 */
final class FanOut {
    private static final Logger LOG = LoggerFactory.getLogger(FanOut.class);

    /** Makes a batch for the shards that this node owns. */
    private interface BatchWork {
        Optional<Batch> make(Connection connection, byte[] shards);
    }

    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Jdbi jdbi;
    private final DeliveryDispatcher queues;
    private final Ownership ownership;
    private final DeliveryMeters meters;
    private final DeferredBatches batches;

    /** Each is held by one of the threads while it works on a batch. */
    private final Lock healthyWork = new ReentrantLock(true);

    private final Lock otherWork = new ReentrantLock(true);

    private final List<Thread> threads;

    FanOut(
            Jdbi jdbi,
            DeliveryDispatcher queues,
            Ownership ownership,
            DeliveryMeters meters,
            InstantSource clock,
            DatabaseThrottle throttle) {
        this.jdbi = jdbi;
        this.queues = queues;
        this.ownership = ownership;
        this.meters = meters;
        this.batches = new DeferredBatches(clock);
        this.threads =
                List.of(
                        thread("fan-out-healthy", () -> serve(healthyWork, batches::healthy)),
                        thread("fan-out", () -> throttle.run(this::serveOthers)));
    }

    /** Serves a batch; answers whether there was anything to do. */
    private interface Work {
        boolean runOnce() throws InterruptedException;
    }

    private static Thread thread(String name, Work work) {
        return Thread.ofVirtual().name(name).unstarted(() -> run(work));
    }

    void start() {
        threads.forEach(Thread::start);
    }

    void stop() throws InterruptedException {
        threads.forEach(Thread::interrupt);
        for (Thread thread : threads) {
            thread.join(Duration.ofSeconds(5));
        }
    }

    /**
     * The node releases shards, so that no work on their rows begins any more: waits for the work
     * that began before.
     */
    void released(Deadline deadline) throws InterruptedException {
        for (Lock work : List.of(healthyWork, otherWork)) {
            if (work.tryLock(deadline.remainingNanos(), TimeUnit.NANOSECONDS)) {
                work.unlock();
            }
        }
    }

    private static void run(Work work) {
        ReadFailures failures = new ReadFailures(LOG, "Deferred deliveries cannot be made now");
        try {
            while (true) {
                boolean worked;
                try {
                    worked = work.runOnce();
                } catch (RuntimeException e) {
                    if (Thread.currentThread().isInterrupted()) {
                        return;
                    }
                    failures.failed(e);
                    Thread.sleep(PAUSE);
                    continue;
                }
                failures.succeeded();
                if (!worked) {
                    Thread.sleep(POLL);
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more deferred deliveries are made");
        }
    }

    /**
     * Serves a batch of any webhooks.
     *
     * @return whether there was anything to do
     */
    private boolean serveOthers() {
        Set<Integer> shards = ownership.shards();
        if (shards.isEmpty()) {
            return false;
        }
        jdbi.useTransaction(
                handle -> batches.markHealthy(handle.getConnection(), ShardBits.of(shards)));
        return serve(otherWork, batches::others);
    }

    /** Does the work in one transaction and then offers its deliveries to the queues. */
    private boolean serve(Lock lock, BatchWork work) {
        lock.lock();
        try {
            Set<Integer> shards = ownership.shards();
            if (shards.isEmpty() || !ownership.isActive()) {
                return false;
            }
            long begun = queues.beginCommit();
            Optional<Batch> served =
                    jdbi.inTransaction(handle -> fenced(work, handle.getConnection(), shards));
            served.ifPresent(batch -> {
                queues.offer(batch.client(), batch.added().deliveries(), begun);
                meters.merged(batch.added().merged());
            });
            return served.isPresent();
        } catch (FencedException e) {
            meters.fenced(1);
            return false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * @throws FencedException when another node owns the rows by now, which ends the transaction
     */
    private Optional<Batch> fenced(BatchWork work, Connection connection, Set<Integer> shards) {
        Optional<Batch> made = work.make(connection, ShardBits.of(shards));
        if (made.isPresent()) {
            Integer shard = made.get().shard();
            if (shard != null && !isOwned(connection, shard)) {
                throw new FencedException();
            }
        }
        return made;
    }

    private boolean isOwned(Connection connection, int shard) {
        return !Sql.of("select 1 where ")
                .then(ownership.fence(shard).condition())
                .query(connection, row -> true)
                .isEmpty();
    }
}
