package dev.mailbell.delivery;

import dev.mailbell.database.Sql;
import dev.mailbell.delivery.outbox.DirectEventWriter;
import dev.mailbell.delivery.outbox.MergingEventWriter;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.delivery.outbox.OperatorEvents;
import dev.mailbell.delivery.queue.DeliveryDispatcher;
import dev.mailbell.delivery.queue.DeliveryMeters;
import java.sql.Connection;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The entry of events: an event and its deliveries are written in the transaction of the change
 * that caused them.
 */
public final class Outbox {
    private final DataSource pool;
    private final DeliveryDispatcher queues;
    private final DeliveryMeters meters;
    private final InstantSource clock;
    private volatile Consumer<UUID> feed = clientId -> {};

    Outbox(DataSource pool, DeliveryDispatcher queues, DeliveryMeters meters, InstantSource clock) {
        this.clock = clock;
        this.pool = pool;
        this.queues = queues;
        this.meters = meters;
    }

    /** Sets the listener that gets the client of each committed event; it must not block. */
    public void onCommit(Consumer<UUID> listener) {
        feed = listener;
    }

    /** Deliveries of an event, to be offered to the queues after the commit. */
    public final class Pending {
        private final UUID clientId;
        private final MergingEventWriter.Added added;
        private final long begun;

        private Pending(UUID clientId, MergingEventWriter.Added added, long begun) {
            this.clientId = clientId;
            this.added = added;
            this.begun = begun;
        }

        /** To be called after the commit, and only then; does not block. */
        public void committed() {
            queues.offer(clientId, added.deliveries(), begun);
            meters.merged(added.merged());
            feed.accept(clientId);
        }
    }

    /** Writes an event and its deliveries, within the connection's transaction. */
    public Pending add(Connection connection, NewEvent added) {
        return add(connection, added, null);
    }

    private Pending add(Connection connection, NewEvent added, @Nullable UUID except) {
        long begun = queues.beginCommit();
        return new Pending(
                added.event().clientId(),
                MergingEventWriter.write(connection, added, except, clock.instant()),
                begun);
    }

    /**
     * Writes an event for its client and the operator's copy of it, within the connection's
     * transaction.
     *
     * @param except a webhook of the client that does not get the event; null for none
     */
    public List<Pending> addWithCopy(Connection connection, NewEvent added, @Nullable UUID except) {
        List<Pending> all = new ArrayList<>();
        all.add(add(connection, added, except));
        OperatorEvents.copyOf(added).ifPresent(copy -> all.add(add(connection, copy)));
        return all;
    }

    /**
     * Writes an event, its deliveries and the change that caused it in one statement, which is
     * committed when this returns.
     *
     * @param change an update of one row that ends in a condition
     * @return empty when nothing was written: the condition does not hold, or the deliveries need
     *     {@link #add}, because some of them merge or they are many
     */
    public Optional<Pending> addDirectly(Sql change, NewEvent added) {
        long begun = queues.beginCommit();
        return DirectEventWriter.tryWrite(pool, change, added, clock.instant())
                .map(deliveries ->
                        new Pending(
                                added.event().clientId(),
                                new MergingEventWriter.Added(deliveries, 0),
                                begun));
    }
}
