package dev.mailbell.delivery;

import dev.mailbell.event.Event;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Where events enter: an event and its deliveries are written together, in the transaction of what
 * caused them.
 */
public final class Outbox {
    private final Lanes lanes;
    private final DeliveryMeters meters;
    private volatile Consumer<UUID> feed = clientId -> {};

    Outbox(Lanes lanes, DeliveryMeters meters) {
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
        private final Intake.Added added;

        private Pending(UUID clientId, Intake.Added added) {
            this.clientId = clientId;
            this.added = added;
        }

        /** To be called after the commit, and only then: sends without waiting for anything. */
        public void committed() {
            lanes.offer(added.deliveries());
            meters.merged(added.merged());
            feed.accept(clientId);
        }
    }

    /**
     * Writes an event and a delivery for each webhook that wants it, within the caller's
     * transaction.
     *
     * @param mailbox the mailbox the event is about; deliveries of one mailbox keep their order;
     *     null for none
     * @param shard the share of the accounts it belongs to
     * @param labels the account's
     */
    public Pending add(
            Handle handle,
            Event event,
            @Nullable String mailbox,
            int shard,
            Map<String, String> labels) {
        return new Pending(
                event.clientId(), Intake.add(handle, event, mailbox, shard, labels, null));
    }
}
