package dev.mailbell.delivery.outbox;

import dev.mailbell.database.Sql;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.Ids;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The direct path: writes an event, its deliveries and the change that caused it in a single
 * statement, which is its own transaction and one round trip. It is for the usual case, in which no
 * subscriber has an older delivery of the mailbox pending; merging is left to {@link
 * MergingEventWriter}.
 */
public final class DirectEventWriter {
    /** The statement takes an id for each delivery as a parameter. */
    private static final int MAX_SUBSCRIBERS = 8;

    private DirectEventWriter() {}

    private record Subscriber(int ordinal, @Nullable UUID webhookId, boolean enabled) {}

    /**
     * Writes the change, the event and its deliveries, or nothing.
     *
     * @param change an update of one row that ends in a condition, which holds only while the row
     *     is as the caller read it
     * @param now on the clock by which deliveries are due
     * @return the deliveries; empty when nothing was written, because the condition does not hold,
     *     a subscriber has a backlog of the mailbox, or there are too many subscribers
     */
    public static Optional<List<Delivery>> tryWrite(
            DataSource pool, Sql change, NewEvent added, Instant now) {
        Event event = added.event();
        UUID[] ids = Stream.generate(Ids::next).limit(MAX_SUBSCRIBERS).toArray(UUID[]::new);
        OffsetDateTime due = now.atOffset(ZoneOffset.UTC);
        OffsetDateTime createdAt = event.createdAt().atOffset(ZoneOffset.UTC);
        List<Subscriber> subscribers =
                Subscribers.of(added, null)
                        .then(", changed as (")
                        .then(change)
                        .then(
                                """
                                 and not exists (select from subscriber
                                        where not deferred and (busy_until is not null or ordinal > ?)) returning 1
                                ), deferred_event as (\
                                """,
                                MAX_SUBSCRIBERS)
                        .then(Subscribers.defer(added, null, "subscriber, changed"))
                        .then(
                                """
                                ), added_event as (\
                                """)
                        .then(EventStore.insert(event))
                        .then(
                                """
                                 from changed
                                ), added_delivery as (
                                    insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status,
                                        next_attempt_at, created_at, mergeable, new_count)
                                    select (?::uuid[])[ordinal], id, ?, ?, ?, ?, 'pending', ?, ?, ? and not enabled, ?
                                    from subscriber, changed where not deferred
                                )
                                select ordinal, id, enabled from changed left join subscriber on not deferred order by ordinal\
                                """,
                                ids,
                                event.id(),
                                event.accountId(),
                                Sql.text(added.mailbox()),
                                added.shard(),
                                due,
                                createdAt,
                                added.newCount() != null,
                                Sql.integer(added.newCount()))
                        .query(
                                pool,
                                row ->
                                        new Subscriber(
                                                row.getInt("ordinal"),
                                                row.getObject("id", UUID.class),
                                                row.getBoolean("enabled")));
        return subscribers.isEmpty()
                ? Optional.empty()
                : Optional.of(deliveries(added, ids, subscribers, now));
    }

    private static List<Delivery> deliveries(
            NewEvent added, UUID[] ids, List<Subscriber> subscribers, Instant now) {
        Event event = added.event();
        List<Delivery> deliveries = new ArrayList<>(subscribers.size());
        for (Subscriber subscriber : subscribers) {
            UUID webhookId = subscriber.webhookId();
            // When there is no subscriber, the answer is one row without a webhook.
            if (webhookId != null) {
                deliveries.add(
                        new Delivery(
                                ids[subscriber.ordinal() - 1],
                                webhookId,
                                event.accountId(),
                                added.mailbox(),
                                added.shard(),
                                0,
                                now,
                                event.payload(),
                                subscriber.enabled()));
            }
        }
        return deliveries;
    }
}
