package dev.mailbell.delivery;

import dev.mailbell.database.Sql;
import dev.mailbell.delivery.outbox.DirectEventWriter;
import dev.mailbell.delivery.outbox.EventWriter;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.delivery.queue.DeliveryMeters;
import dev.mailbell.delivery.queue.WebhookQueues;
import java.sql.Connection;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import javax.sql.DataSource;

/**
 * Where events enter: an event and its deliveries are written together, in the transaction of what
 * caused them.
 */
public final class Outbox {
    private final DataSource pool;
    private final WebhookQueues lanes;
    private final DeliveryMeters meters;
    private final InstantSource clock;
    private volatile Consumer<UUID> feed = clientId -> {};

    Outbox(DataSource pool, WebhookQueues lanes, DeliveryMeters meters, InstantSource clock) {
        this.clock = clock;
        this.pool = pool;
        this.lanes = lanes;
        this.meters = meters;
    }

    /** Who is told, after each commit, whose feed has a new event; must not wait for anything. */
    public void onCommit(Consumer<UUID> listener) {
        feed = listener;
    }

    /** Deliveries that are written but not yet committed. */
    public final class Pending {
        private final UUID clientId;
        private final EventWriter.Added added;
        private final long begun;

        private Pending(UUID clientId, EventWriter.Added added, long begun) {
            this.clientId = clientId;
            this.added = added;
            this.begun = begun;
        }

        /** To be called after the commit, and only then: sends without waiting for anything. */
        public void committed() {
            lanes.offer(added.deliveries(), begun);
            meters.merged(added.merged());
            feed.accept(clientId);
        }
    }

    /**
     * Writes an event and a delivery for each webhook that wants it, within the connection's
     * transaction.
     */
    public Pending add(Connection connection, NewEvent added) {
        long begun = lanes.beginCommit();
        return new Pending(
                added.event().clientId(),
                EventWriter.add(connection, added, null, clock.instant()),
                begun);
    }

    /**
     * The same in one statement, together with what caused the event, and committed when this
     * returns.
     *
     * @param change an update of one row that ends in a condition
     * @return empty when nothing was written: the row is not as the condition demands, or the
     *     deliveries need a transaction, because some of them merge or they are many
     */
    public Optional<Pending> addDirectly(Sql change, NewEvent added) {
        long begun = lanes.beginCommit();
        return DirectEventWriter.add(pool, change, added, clock.instant())
                .map(deliveries ->
                        new Pending(
                                added.event().clientId(),
                                new EventWriter.Added(deliveries, 0),
                                begun));
    }
}
