package dev.mailbell.delivery.outbox;

import dev.mailbell.database.Sql;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.Ids;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The merging path: writes an event and its deliveries in the caller's transaction, and merges
 * deliveries of new mail while a subscriber has a backlog. It has one when it is not enabled or an
 * older delivery of the mailbox is pending. A delivery that is added then is marked mergeable, and
 * the next one of the mailbox supersedes it and carries its count. Reading a delivery in order to
 * send it removes the mark, after which it never changes. So a mailbox has at most two pending
 * deliveries: one that was or is about to be attempted, and one into which all later ones merged.
 */
public final class MergingEventWriter {
    private MergingEventWriter() {}

    /**
     * A webhook whose filters match the event.
     *
     * @param enabled whether it is neither failing nor disabled
     * @param busyUntil the latest time that an older pending delivery of the mailbox waits for;
     *     null when there is none
     * @param newest the id of the newest of these
     */
    private record Subscriber(
            UUID webhookId, boolean enabled, @Nullable Instant busyUntil, @Nullable String newest) {
        boolean hasBacklog() {
            return !enabled || busyUntil != null;
        }
    }

    /**
     * The deliveries that were added.
     *
     * @param merged how many older deliveries they superseded
     */
    public record Added(List<Delivery> deliveries, int merged) {}

    private record Merged(UUID webhookId, long newCount) {}

    /**
     * Writes an event and its deliveries to the subscribers, within the connection's transaction.
     *
     * @param except a webhook that does not get the event; null for none
     * @param now on the clock by which deliveries are due
     */
    public static Added write(
            Connection connection, NewEvent added, @Nullable UUID except, Instant now) {
        return write(connection, added, subscribers(connection, added, except), false, now);
    }

    /**
     * Writes deferred deliveries of an event to those of these webhooks that still exist. The count
     * may be the sum of several events and differ from the one in the payload.
     */
    public static Added writeDeferred(
            Connection connection, NewEvent added, List<UUID> webhooks, Instant now) {
        List<Subscriber> subscribers =
                Sql.of(
                                """
                                select w.id, w.state = 'enabled' as enabled, d.busy_until, d.newest
                                from webhook w, lateral (
                                    select max(next_attempt_at) as busy_until, max(id::text collate "C") as newest from delivery
                                    where account_id = ?::uuid and coalesce(mailbox, '') = ? and webhook_id = w.id
                                        and completed_at is null) d
                                where w.id = any(?) order by w.id\
                                """,
                                added.event().accountId(),
                                added.mailbox() == null ? "" : added.mailbox(),
                                webhooks.toArray(UUID[]::new))
                        .query(connection, MergingEventWriter::subscriber);
        return write(connection, added, subscribers, isSum(added), now);
    }

    private static boolean isSum(NewEvent added) {
        Integer count = added.newCount();
        return count != null && EventPayloads.newCount(added.event().payload()) != count;
    }

    private static Added write(
            Connection connection,
            NewEvent added,
            List<Subscriber> subscribers,
            boolean sum,
            Instant now) {
        Event event = added.event();
        Integer own = added.newCount();
        List<Merged> superseded =
                own == null ? List.of() : supersede(connection, added, subscribers);
        Map<UUID, Long> merged = new HashMap<>();
        superseded.forEach(one -> merged.merge(one.webhookId(), one.newCount(), Long::sum));
        // Most subscribers with a backlog have the same count, so that they share a body.
        Map<Integer, String> bodies = new HashMap<>();
        List<Row> rows = new ArrayList<>(subscribers.size());
        startIdsAfter(subscribers);
        for (Subscriber subscriber : subscribers) {
            long before = merged.getOrDefault(subscriber.webhookId(), 0L);
            Integer newCount = own == null ? null : (Integer) saturated(own + before);
            String body =
                    newCount == null || (before == 0 && !sum)
                            ? null
                            : bodies.computeIfAbsent(
                                    newCount,
                                    count -> EventPayloads.withNewCount(event.payload(), count));
            Instant due = now;
            if (subscriber.busyUntil() != null && subscriber.busyUntil().isAfter(due)) {
                due = subscriber.busyUntil();
            }
            Delivery delivery =
                    new Delivery(
                            Ids.next(),
                            subscriber.webhookId(),
                            event.accountId(),
                            added.mailbox(),
                            added.shard(),
                            0,
                            due,
                            body == null ? event.payload() : body,
                            !subscriber.hasBacklog());
            rows.add(new Row(delivery, own != null && subscriber.hasBacklog(), newCount, body));
        }
        insert(connection, added, rows);
        return new Added(rows.stream().map(Row::delivery).toList(), superseded.size());
    }

    /**
     * A node with a clock that is ahead may have made the ids of the pending deliveries; the new
     * ones must not sort before these.
     */
    private static void startIdsAfter(List<Subscriber> subscribers) {
        for (Subscriber subscriber : subscribers) {
            if (subscriber.newest() != null) {
                Ids.startAfter(UUID.fromString(subscriber.newest()));
            }
        }
    }

    /** A count beyond the range of its column stays at the maximum. */
    private static int saturated(long count) {
        return (int) Math.min(count, Integer.MAX_VALUE);
    }

    /** Writes the event and reads its subscribers. */
    private static List<Subscriber> subscribers(
            Connection connection, NewEvent added, @Nullable UUID except) {
        return Subscribers.of(added, except)
                .then(", added_event as (")
                .then(EventStore.insert(added.event()))
                .then("), deferred_event as (")
                .then(Subscribers.defer(added, except, "subscriber"))
                .then(
                        ") select id, enabled, busy_until, newest from subscriber where not deferred order by id")
                .query(connection, MergingEventWriter::subscriber);
    }

    private static Subscriber subscriber(ResultSet row) throws SQLException {
        OffsetDateTime busy = row.getObject("busy_until", OffsetDateTime.class);
        return new Subscriber(
                row.getObject("id", UUID.class),
                row.getBoolean("enabled"),
                busy == null ? null : busy.toInstant(),
                row.getString("newest"));
    }

    private record Row(
            Delivery delivery,
            boolean mergeable,
            @Nullable Integer newCount,
            @Nullable String body) {}

    private static void insert(Connection connection, NewEvent added, List<Row> rows) {
        if (rows.isEmpty()) {
            return;
        }
        Event event = added.event();
        Sql.of(
                        """
                        insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, created_at,
                            next_attempt_at, mergeable, new_count, body)
                        select u.id, u.webhook, ?, ?, ?, ?, 'pending', ?, u.due, u.mergeable, u.new_count, u.body
                        from unnest(?::uuid[], ?::uuid[], ?::timestamptz[], ?::boolean[], ?::int[], ?::text[])
                            u(id, webhook, due, mergeable, new_count, body)\
                        """,
                        event.id(),
                        event.accountId(),
                        Sql.text(added.mailbox()),
                        added.shard(),
                        event.createdAt().atOffset(ZoneOffset.UTC),
                        Sql.column(rows, UUID[]::new, row -> row.delivery().id()),
                        Sql.column(rows, UUID[]::new, row -> row.delivery().webhookId()),
                        Sql.column(
                                rows,
                                String[]::new,
                                row -> row.delivery().nextAttemptAt().toString()),
                        Sql.column(rows, Boolean[]::new, Row::mergeable),
                        Sql.column(rows, Integer[]::new, Row::newCount),
                        Sql.column(rows, String[]::new, Row::body))
                .update(connection);
    }

    /**
     * Supersedes the mergeable deliveries of the mailbox; locks the rows in the order of their ids.
     * Each webhook, and each id, is looked up in a subquery of its own. An index has no condition
     * on {@code status || ''}. Otherwise the planner may read all deliveries of the account, or all
     * pending ones.
     */
    private static List<Merged> supersede(
            Connection connection, NewEvent added, List<Subscriber> subscribers) {
        UUID[] busy =
                subscribers.stream()
                        .filter(subscriber -> subscriber.busyUntil() != null)
                        .map(Subscriber::webhookId)
                        .toArray(UUID[]::new);
        if (busy.length == 0) {
            return List.of();
        }
        Event event = added.event();
        return Sql.of(
                        """
                        with found as materialized (
                            select f.id from unnest(?::uuid[]) webhook cross join lateral (select id from delivery
                                where webhook_id = webhook and account_id = ? and coalesce(mailbox, '') = ?
                                    and completed_at is null and mergeable offset 0) f
                            order by f.id
                        ), earlier as (
                            select d.* from found cross join lateral (select id, webhook_id, new_count from delivery
                                where id = found.id and status || '' = 'pending' and mergeable for update) d
                        ), superseded as (
                            update delivery set status = 'superseded', mergeable = false, body = null, completed_at = ?
                            where id = any(array(select id from earlier))
                        )
                        select webhook_id, new_count from earlier\
                        """,
                        busy,
                        event.accountId(),
                        added.mailbox() == null ? "" : added.mailbox(),
                        event.createdAt().atOffset(ZoneOffset.UTC))
                .query(
                        connection,
                        row ->
                                new Merged(
                                        row.getObject("webhook_id", UUID.class),
                                        row.getLong("new_count")));
    }
}
