package dev.mailbell.delivery;

import dev.mailbell.cluster.ShardBits;
import dev.mailbell.delivery.outbox.DeferredEvents;
import dev.mailbell.delivery.outbox.DeferredEvents.Row;
import dev.mailbell.delivery.outbox.DeferredEvents.Waiting;
import dev.mailbell.delivery.outbox.DeferredTurns;
import dev.mailbell.delivery.outbox.MergingEventWriter;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.event.Event;
import java.sql.Connection;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes the batches of {@link FanOut}: the deliveries of deferred events of one mailbox to some of
 * the webhooks that wait for them. The clients take turns. The shards are a value of {@link
 * ShardBits}. One thread calls {@link #healthy}, one thread {@link #others}.
 */
final class DeferredBatches {
    /** Webhooks served in one transaction. */
    static final int BATCH = 100;

    /**
     * Healthy webhooks served in one transaction. Each transaction reads all webhooks of the client
     * and writes the served ones, so larger batches cost less for each delivery.
     */
    private static final int HEALTHY_BATCH = 1_000;

    /** Rows that are searched before each batch for webhooks that became healthy. */
    private static final int ROWS_SEARCHED = 100;

    private static final MergingEventWriter.Added NOTHING =
            new MergingEventWriter.Added(List.of(), 0);

    private final InstantSource clock;

    /**
     * The last row that was searched; null at the beginning of the table. Only one thread uses it.
     */
    private @Nullable UUID searchedUpTo;

    /** The client that was served last, by either thread; each one uses its own field. */
    private UUID lastServed = DeferredTurns.LOWEST;

    private UUID lastServedHealthy = DeferredTurns.LOWEST;

    DeferredBatches(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * Deliveries that were added for webhooks of the client.
     *
     * @param shard of the deferred events; null when there were none
     */
    record Batch(UUID client, @Nullable Integer shard, MergingEventWriter.Added added) {}

    /**
     * Serves healthy webhooks with the oldest events that are deferred for them; empty when there
     * is nothing to do.
     */
    Optional<Batch> healthy(Connection connection, byte[] shards) {
        Optional<Row> marked = DeferredTurns.markedHealthy(connection, shards, lastServedHealthy);
        if (marked.isEmpty()) {
            return Optional.empty();
        }
        UUID client = marked.get().clientId();
        int shard = marked.get().shard();
        lastServedHealthy = client;
        List<Row> group = DeferredEvents.nextForHealthy(connection, marked.get());
        if (group.isEmpty()) {
            DeferredEvents.unmarkHealthy(connection, marked.get());
            return Optional.of(new Batch(client, shard, NOTHING));
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
        return Optional.of(new Batch(client, shard, write(connection, group, early)));
    }

    /**
     * Serves any webhooks, healthy ones first, with the oldest deferred events; empty when there is
     * nothing to do.
     */
    Optional<Batch> others(Connection connection, byte[] shards) {
        Optional<UUID> client = DeferredTurns.nextClient(connection, shards, lastServed);
        if (client.isEmpty()) {
            return Optional.empty();
        }
        lastServed = client.get();
        List<Row> group = DeferredEvents.next(connection, lastServed, shards);
        return Optional.of(
                group.isEmpty()
                        ? new Batch(lastServed, null, NOTHING)
                        : new Batch(
                                lastServed,
                                group.getFirst().shard(),
                                serveBatch(connection, group)));
    }

    /** Marks, in a part of the table, the rows of webhooks that became healthy. */
    void markHealthy(Connection connection, byte[] shards) {
        searchedUpTo =
                DeferredEvents.markHealthy(connection, shards, searchedUpTo, ROWS_SEARCHED)
                        .orElse(null);
    }

    private MergingEventWriter.Added serveBatch(Connection connection, List<Row> group) {
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

    /** Writes deliveries of the last event with the summed count of all. */
    private MergingEventWriter.Added write(
            Connection connection, List<Row> group, List<UUID> webhooks) {
        if (webhooks.isEmpty()) {
            return NOTHING;
        }
        Row last = group.getLast();
        Event event = Objects.requireNonNull(last.event(), "of a row that is kept");
        Integer sum = sum(group);
        NewEvent merged = new NewEvent(event, last.mailbox(), last.shard(), Map.of(), sum);
        return MergingEventWriter.writeDeferred(connection, merged, webhooks, clock.instant());
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
