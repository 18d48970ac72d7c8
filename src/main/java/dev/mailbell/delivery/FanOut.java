package dev.mailbell.delivery;

import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outbox.DeferredEvents;
import dev.mailbell.delivery.outbox.DeferredEvents.Row;
import dev.mailbell.delivery.outbox.DeferredEvents.Waiting;
import dev.mailbell.delivery.outbox.DeferredTurns;
import dev.mailbell.delivery.outbox.EventWriter;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.delivery.queue.DeliveryDispatcher;
import dev.mailbell.delivery.queue.DeliveryMeters;
import dev.mailbell.delivery.queue.ReadFailures;
import dev.mailbell.event.Event;
import java.sql.Connection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds the deliveries that were deferred because very many webhooks, or many that are not healthy,
 * subscribe to one event. One thread serves healthy webhooks in batches; another one serves all,
 * {@linkplain DatabaseThrottle throttled}. So unhealthy webhooks do not delay healthy ones, and a
 * webhook that becomes healthy again is served before the others. Deferred events of one mailbox
 * become one delivery a webhook. The clients that have deferred events take turns. The work is a
 * table, of which a crash loses nothing. Both threads lock the rows of a mailbox in the order of
 * their events.
 */
final class FanOut {
    private static final Logger LOG = LoggerFactory.getLogger(FanOut.class);

    /** Webhooks served in one transaction. */
    static final int BATCH = 100;

    /**
     * Healthy webhooks served in one transaction. Each transaction reads all webhooks of the client
     * and writes the served ones, so larger batches cost less for each delivery.
     */
    private static final int HEALTHY_BATCH = 1_000;

    /** Rows that are searched before each batch for webhooks that became healthy. */
    private static final int ROWS_SEARCHED = 100;

    private static final EventWriter.Added NOTHING = new EventWriter.Added(List.of(), 0);

    /** Deliveries that were added for webhooks of the client. */
    private record Batch(UUID client, EventWriter.Added added) {}

    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Jdbi jdbi;
    private final DeliveryDispatcher queues;
    private final DeliveryMeters meters;
    private final InstantSource clock;

    /**
     * The last row that was searched; null at the beginning of the table. Only one thread uses it.
     */
    private @Nullable UUID searchedUpTo;

    /** The client that was served last, by either thread; each one uses its own field. */
    private UUID lastServed = DeferredTurns.LOWEST;

    private UUID lastServedHealthy = DeferredTurns.LOWEST;

    private final List<Thread> threads;

    FanOut(
            Jdbi jdbi,
            DeliveryDispatcher queues,
            DeliveryMeters meters,
            InstantSource clock,
            DatabaseThrottle throttle) {
        this.jdbi = jdbi;
        this.queues = queues;
        this.meters = meters;
        this.clock = clock;
        this.threads =
                List.of(
                        thread("fan-out-healthy", this::serveHealthy),
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
     * Serves a batch of healthy webhooks with the oldest events that are deferred for them.
     *
     * @return whether there was anything to do
     */
    private boolean serveHealthy() {
        return serve(connection -> {
            Optional<Row> marked = DeferredTurns.markedHealthy(connection, lastServedHealthy);
            if (marked.isEmpty()) {
                return Optional.empty();
            }
            UUID client = marked.get().clientId();
            lastServedHealthy = client;
            List<Row> group = DeferredEvents.nextForHealthy(connection, marked.get());
            if (group.isEmpty()) {
                DeferredEvents.unmarkHealthy(connection, marked.get());
                return Optional.of(new Batch(client, NOTHING));
            }
            Row first = group.getFirst();
            List<Waiting> batch = DeferredEvents.healthyWaiting(connection, first, HEALTHY_BATCH);
            List<UUID> early = batch.stream().filter(Waiting::early).map(Waiting::id).toList();
            if (early.isEmpty()) {
                return Optional.empty();
            }
            if (DeferredEvents.othersWait(connection, first, early)) {
                DeferredEvents.markServed(
                        connection, group, early, null, early.size() == HEALTHY_BATCH);
            } else {
                DeferredEvents.remove(connection, group);
            }
            return Optional.of(new Batch(client, write(connection, group, early)));
        });
    }

    /**
     * Serves a batch of any webhooks, healthy ones first, with the oldest deferred events.
     *
     * @return whether there was anything to do
     */
    private boolean serveOthers() {
        markHealthy();
        return serve(connection -> {
            Optional<UUID> client = DeferredTurns.nextClient(connection, lastServed);
            if (client.isEmpty()) {
                return Optional.empty();
            }
            lastServed = client.get();
            List<Row> group = DeferredEvents.next(connection, lastServed);
            return Optional.of(
                    new Batch(
                            lastServed, group.isEmpty() ? NOTHING : serveBatch(connection, group)));
        });
    }

    /** Marks, in a part of the table, the rows of webhooks that became healthy. */
    private void markHealthy() {
        searchedUpTo =
                jdbi.inTransaction(handle ->
                                DeferredEvents.markHealthy(
                                        handle.getConnection(), searchedUpTo, ROWS_SEARCHED))
                        .orElse(null);
    }

    private EventWriter.Added serveBatch(Connection connection, List<Row> group) {
        List<Row> kept = group.stream().filter(row -> row.event() != null).toList();
        DeferredEvents.remove(
                connection, group.stream().filter(row -> row.event() == null).toList());
        if (kept.isEmpty()) {
            return NOTHING;
        }
        List<Waiting> batch = DeferredEvents.waiting(connection, kept.getFirst(), BATCH);
        List<UUID> webhooks = batch.stream().map(Waiting::id).toList();
        if (batch.size() < BATCH) {
            DeferredEvents.remove(connection, kept);
        } else {
            boolean more = batch.getLast().early();
            // The last row stays for the other webhooks, with the summed count.
            DeferredEvents.remove(connection, kept.subList(0, kept.size() - 1));
            DeferredEvents.markServed(
                    connection, List.of(kept.getLast()), webhooks, sum(kept), more);
        }
        return write(connection, kept, webhooks);
    }

    /** Does the work in one transaction and then offers its deliveries to the queues. */
    private boolean serve(Function<Connection, Optional<Batch>> work) {
        long begun = queues.beginCommit();
        Optional<Batch> served = jdbi.inTransaction(handle -> work.apply(handle.getConnection()));
        served.ifPresent(batch -> {
            queues.offer(batch.client(), batch.added().deliveries(), begun);
            meters.merged(batch.added().merged());
        });
        return served.isPresent();
    }

    /** Writes deliveries of the last event with the summed count of all. */
    private EventWriter.Added write(Connection connection, List<Row> group, List<UUID> webhooks) {
        if (webhooks.isEmpty()) {
            return NOTHING;
        }
        Row last = group.getLast();
        Event event = Objects.requireNonNull(last.event(), "of a row that is kept");
        Integer sum = sum(group);
        NewEvent merged = new NewEvent(event, last.mailbox(), last.shard(), Map.of(), sum);
        return EventWriter.writeDeferred(connection, merged, webhooks, clock.instant());
    }

    private static @Nullable Integer sum(List<Row> group) {
        if (group.getLast().newCount() == null) {
            return null;
        }
        long sum =
                group.stream().mapToLong(row -> row.newCount() == null ? 0 : row.newCount()).sum();
        return (int) Math.min(sum, Integer.MAX_VALUE);
    }
}
