package dev.mailbell.delivery;

import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outbox.DeferredEvents;
import dev.mailbell.delivery.outbox.DeferredEvents.Row;
import dev.mailbell.delivery.outbox.DeferredEvents.Waiting;
import dev.mailbell.delivery.outbox.EventWriter;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.delivery.queue.DeliveryMeters;
import dev.mailbell.delivery.queue.ReadFailures;
import dev.mailbell.delivery.queue.WebhookQueues;
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
 * Makes the deliveries that were deferred because very many webhooks, or many that are not healthy,
 * want one event. In pieces, one thread for healthy webhooks and one for all, {@linkplain
 * DatabaseThrottle throttled}: what the others cost delays no healthy one, and one that is healthy
 * again does not wait until the others of its mailboxes are served. What waits of one mailbox
 * becomes one delivery a webhook, as it would have merged. The table holds what is to be done; a
 * crash loses nothing of it. Both threads lock the rows of a mailbox in the order of their events.
 */
public final class FanOut {
    private static final Logger LOG = LoggerFactory.getLogger(FanOut.class);

    /** Webhooks served in one transaction. */
    static final int PIECE = 100;

    /** Rows in which, before each piece, webhooks are looked for that have become healthy. */
    private static final int ROWS_LOOKED_AT = 100;

    private static final EventWriter.Added NOTHING = new EventWriter.Added(List.of(), 0);

    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Jdbi jdbi;
    private final WebhookQueues lanes;
    private final DeliveryMeters meters;
    private final InstantSource clock;
    private final DatabaseThrottle throttle;

    /** The last row that was looked at; null for a look from the beginning, by one thread. */
    private @Nullable UUID lookedAt;

    private final List<Thread> threads;

    FanOut(
            Jdbi jdbi,
            WebhookQueues lanes,
            DeliveryMeters meters,
            InstantSource clock,
            DatabaseThrottle throttle) {
        this.throttle = throttle;
        this.jdbi = jdbi;
        this.lanes = lanes;
        this.meters = meters;
        this.clock = clock;
        this.threads =
                List.of(
                        thread("fan-out-healthy", this::serveHealthy),
                        thread("fan-out", () -> throttle.run(this::serveOthers)));
    }

    /** A piece of work; answers whether there was any. */
    private interface Work {
        boolean piece() throws InterruptedException;
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
                boolean served;
                try {
                    served = work.piece();
                } catch (RuntimeException e) {
                    if (Thread.currentThread().isInterrupted()) {
                        return;
                    }
                    failures.failed(e);
                    Thread.sleep(PAUSE);
                    continue;
                }
                failures.succeeded();
                if (!served) {
                    Thread.sleep(POLL);
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more deferred deliveries are made");
        }
    }

    /**
     * Serves some healthy webhooks of what is deferred longest for them.
     *
     * @return whether something was done
     */
    private boolean serveHealthy() {
        return serve(connection -> {
            Optional<Row> marked = DeferredEvents.markedHealthy(connection);
            if (marked.isEmpty()) {
                return Optional.empty();
            }
            List<Row> group = DeferredEvents.nextForHealthy(connection, marked.get());
            if (group.isEmpty()) {
                DeferredEvents.unmarkHealthy(connection, marked.get());
                return Optional.of(NOTHING);
            }
            Row first = group.getFirst();
            List<Waiting> piece = DeferredEvents.healthyWaiting(connection, first, PIECE);
            List<UUID> early = piece.stream().filter(Waiting::early).map(Waiting::id).toList();
            if (early.isEmpty()) {
                return Optional.empty();
            }
            if (DeferredEvents.moreWait(connection, first, early)) {
                DeferredEvents.served(connection, group, early, early.size() == PIECE);
            } else {
                DeferredEvents.remove(connection, group);
            }
            return Optional.of(make(connection, group, early));
        });
    }

    /**
     * Serves some webhooks of what is deferred longest, healthy ones first.
     *
     * @return whether something was done
     */
    private boolean serveOthers() {
        look();
        return serve(connection -> {
            List<Row> group = DeferredEvents.next(connection);
            return group.isEmpty() ? Optional.empty() : Optional.of(servePiece(connection, group));
        });
    }

    /** Looks in some rows for webhooks that have become healthy since their events. */
    private void look() {
        lookedAt =
                jdbi.inTransaction(handle ->
                                DeferredEvents.markHealthy(
                                        handle.getConnection(), lookedAt, ROWS_LOOKED_AT))
                        .orElse(null);
    }

    private EventWriter.Added servePiece(Connection connection, List<Row> group) {
        List<Row> kept = group.stream().filter(row -> row.event() != null).toList();
        DeferredEvents.remove(
                connection, group.stream().filter(row -> row.event() == null).toList());
        if (kept.isEmpty()) {
            return NOTHING;
        }
        List<Waiting> piece = DeferredEvents.waiting(connection, kept.getFirst(), PIECE);
        List<UUID> webhooks = piece.stream().map(Waiting::id).toList();
        if (piece.size() < PIECE) {
            DeferredEvents.remove(connection, kept);
        } else {
            boolean more = piece.getLast().early();
            DeferredEvents.servedAsOne(connection, kept, webhooks, sum(kept), more);
        }
        return make(connection, kept, webhooks);
    }

    /** In one transaction, after which the lanes send what was made in it. */
    private boolean serve(Function<Connection, Optional<EventWriter.Added>> work) {
        long begun = lanes.beginCommit();
        Optional<EventWriter.Added> added =
                jdbi.inTransaction(handle -> work.apply(handle.getConnection()));
        added.ifPresent(made -> {
            lanes.offer(made.deliveries(), begun);
            meters.merged(made.merged());
        });
        return added.isPresent();
    }

    /** Writes the deliveries of the last event, with the sum of all. */
    private EventWriter.Added make(Connection connection, List<Row> group, List<UUID> webhooks) {
        if (webhooks.isEmpty()) {
            return NOTHING;
        }
        Row last = group.getLast();
        Event event = Objects.requireNonNull(last.event(), "of a row that is kept");
        Integer sum = sum(group);
        NewEvent merged = new NewEvent(event, last.mailbox(), last.shard(), Map.of(), sum);
        return EventWriter.addLater(connection, merged, webhooks, clock.instant());
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
