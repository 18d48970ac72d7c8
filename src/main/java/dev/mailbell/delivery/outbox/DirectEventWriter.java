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
 * Writes an event together with what caused it in a single statement, which is its own transaction:
 * one round trip from seen to safe. Only while every webhook that wants the event and is not served
 * later keeps up, which is nearly always; what merges with earlier deliveries is left to {@link
 * EventWriter}.
 */
public final class DirectEventWriter {
    /** The statement needs an id for each webhook beforehand. */
    private static final int MOST_TAKERS = 8;

    private DirectEventWriter() {}

    private record Taker(int place, @Nullable UUID webhookId, boolean enabled) {}

    /**
     * Writes the change, the event and its deliveries, or nothing at all.
     *
     * @param change an update of one row that ends in a condition; it must find the row as the
     *     caller saw it
     * @param now on the clock by which deliveries are due
     * @return the deliveries; empty when nothing was written, because the row is not as it was, or
     *     a webhook is behind, or too many want the event
     */
    public static Optional<List<Delivery>> add(
            DataSource pool, Sql change, NewEvent added, Instant now) {
        Event event = added.event();
        UUID[] ids = Stream.generate(Ids::next).limit(MOST_TAKERS).toArray(UUID[]::new);
        OffsetDateTime due = now.atOffset(ZoneOffset.UTC);
        OffsetDateTime createdAt = event.createdAt().atOffset(ZoneOffset.UTC);
        List<Taker> takers =
                Subscribers.of(added, null)
                        .then(", changed as (")
                        .then(change)
                        .then(
                                """
                                 and not exists (select from taker
                                        where not deferred and (busy_until is not null or place > ?)) returning 1
                                ), later as (\
                                """,
                                MOST_TAKERS)
                        .then(Subscribers.defer(added, null, "taker, changed"))
                        .then(
                                """
                                ), happened as (\
                                """)
                        .then(EventStore.insert(event))
                        .then(
                                """
                                 from changed
                                ), served as (
                                    insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status,
                                        next_attempt_at, created_at, mergeable, new_count)
                                    select (?::uuid[])[place], id, ?, ?, ?, ?, 'pending', ?, ?, ? and not enabled, ?
                                    from taker, changed where not deferred
                                )
                                select place, id, enabled from changed left join taker on not deferred order by place\
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
                                        new Taker(
                                                row.getInt("place"),
                                                row.getObject("id", UUID.class),
                                                row.getBoolean("enabled")));
        return takers.isEmpty()
                ? Optional.empty()
                : Optional.of(deliveries(added, ids, takers, now));
    }

    private static List<Delivery> deliveries(
            NewEvent added, UUID[] ids, List<Taker> takers, Instant now) {
        Event event = added.event();
        List<Delivery> deliveries = new ArrayList<>(takers.size());
        for (Taker taker : takers) {
            UUID webhookId = taker.webhookId();
            // Where no webhook wants the event there is a row without one.
            if (webhookId != null) {
                deliveries.add(
                        new Delivery(
                                ids[taker.place() - 1],
                                webhookId,
                                event.accountId(),
                                added.mailbox(),
                                0,
                                now,
                                event.payload(),
                                taker.enabled()));
            }
        }
        return deliveries;
    }
}
