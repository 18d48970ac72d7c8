package dev.mailbell.delivery.outbox;

import dev.mailbell.database.Sql;
import dev.mailbell.event.Event;
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
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes an event and its deliveries, and merges those of new mail while their webhook is behind:
 * it does not take what it is sent, or an older delivery of the same mailbox is still pending. What
 * is added then is marked mergeable. The next one of the mailbox takes in the marked ones before
 * it; what a page has taken to send bears no mark any more and never changes. So a mailbox has at
 * most two pending: one that was or is about to be attempted, and one that all the rest went into.
 */
public final class EventWriter {
    private static final JsonMapper JSON = new JsonMapper();

    private EventWriter() {}

    /**
     * A webhook that wants the event.
     *
     * @param enabled whether it takes what it is sent
     * @param busyUntil until when older deliveries of the mailbox wait at the longest; null when
     *     there are none
     */
    private record Taker(UUID webhookId, boolean enabled, @Nullable Instant busyUntil) {
        boolean behind() {
            return !enabled || busyUntil != null;
        }
    }

    /**
     * What was added.
     *
     * @param merged how many deliveries were taken in by it
     */
    public record Added(List<Delivery> deliveries, int merged) {}

    private record Merged(UUID webhookId, long newCount) {}

    /**
     * Writes an event and a delivery of it for every webhook that wants it, within the connection's
     * transaction.
     *
     * @param except a webhook that does not get it; null for none
     * @param now on the clock by which deliveries are due
     */
    public static Added add(
            Connection connection, NewEvent added, @Nullable UUID except, Instant now) {
        return serve(connection, added, takers(connection, added, except), false, now);
    }

    /**
     * Writes deliveries of an event that is written already, to those of these webhooks that are
     * still there. Its count may be that of several events, and another one than its payload has.
     */
    public static Added addLater(
            Connection connection, NewEvent added, List<UUID> webhooks, Instant now) {
        List<Taker> takers =
                Sql.of(
                                """
                                select w.id, w.state = 'enabled' as enabled, (
                                    select max(next_attempt_at) from delivery d
                                    where d.account_id = ?::uuid and coalesce(d.mailbox, '') = ? and d.webhook_id = w.id
                                        and d.status = 'pending') as busy_until
                                from webhook w where w.id = any(?) order by w.id\
                                """,
                                added.event().accountId(),
                                added.mailbox() == null ? "" : added.mailbox(),
                                webhooks.toArray(UUID[]::new))
                        .query(connection, EventWriter::taker);
        return serve(connection, added, takers, isSum(added), now);
    }

    private static boolean isSum(NewEvent added) {
        Integer count = added.newCount();
        return count != null
                && JSON.readTree(added.event().payload()).path("data").path("newCount").asInt(0)
                        != count;
    }

    private static Added serve(
            Connection connection, NewEvent added, List<Taker> takers, boolean sum, Instant now) {
        Event event = added.event();
        Integer own = added.newCount();
        List<Merged> taken = own == null ? List.of() : supersede(connection, added, takers);
        Map<UUID, Long> merged = new HashMap<>();
        taken.forEach(one -> merged.merge(one.webhookId(), one.newCount(), Long::sum));
        // Of many that are behind most have the same count.
        Map<Integer, String> bodies = new HashMap<>();
        List<Row> rows = new ArrayList<>(takers.size());
        for (Taker taker : takers) {
            long before = merged.getOrDefault(taker.webhookId(), 0L);
            Integer newCount = own == null ? null : (Integer) saturated(own + before);
            String body =
                    newCount == null || (before == 0 && !sum)
                            ? null
                            : bodies.computeIfAbsent(
                                    newCount, count -> withNewCount(event.payload(), count));
            Instant due = now;
            if (taker.busyUntil() != null && taker.busyUntil().isAfter(due)) {
                due = taker.busyUntil();
            }
            Delivery delivery =
                    new Delivery(
                            Ids.next(),
                            taker.webhookId(),
                            event.accountId(),
                            added.mailbox(),
                            0,
                            due,
                            body == null ? event.payload() : body,
                            !taker.behind());
            rows.add(new Row(delivery, own != null && taker.behind(), newCount, body));
        }
        insert(connection, added, rows);
        return new Added(rows.stream().map(Row::delivery).toList(), taken.size());
    }

    /** A count that is too great for its column stays at the greatest. */
    private static int saturated(long count) {
        return (int) Math.min(count, Integer.MAX_VALUE);
    }

    /** Writes the event, and says who wants it. */
    private static List<Taker> takers(
            Connection connection, NewEvent added, @Nullable UUID except) {
        return Subscribers.of(added, except)
                .then(", happened as (")
                .then(EventStore.insert(added.event()))
                .then("), later as (")
                .then(Subscribers.defer(added, except, "taker"))
                .then(") select id, enabled, busy_until from taker where not deferred order by id")
                .query(connection, EventWriter::taker);
    }

    private static Taker taker(ResultSet row) throws SQLException {
        OffsetDateTime busy = row.getObject("busy_until", OffsetDateTime.class);
        return new Taker(
                row.getObject("id", UUID.class),
                row.getBoolean("enabled"),
                busy == null ? null : busy.toInstant());
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

    /** Takes in what was never attempted; the rows are locked in the order of their ids. */
    private static List<Merged> supersede(
            Connection connection, NewEvent added, List<Taker> takers) {
        UUID[] busy =
                takers.stream()
                        .filter(taker -> taker.busyUntil() != null)
                        .map(Taker::webhookId)
                        .toArray(UUID[]::new);
        if (busy.length == 0) {
            return List.of();
        }
        Event event = added.event();
        return Sql.of(
                        """
                        with earlier as (
                            select id, webhook_id, new_count from delivery
                            where webhook_id = any(?) and account_id = ? and coalesce(mailbox, '') = ?
                                and status = 'pending' and mergeable order by id for update
                        ), taken as (
                            update delivery d set status = 'superseded', mergeable = false, body = null, completed_at = ?
                            from earlier e where d.id = e.id
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

    /** The same JSON, key by key, with another count. */
    private static String withNewCount(String payload, @Nullable Integer newCount) {
        ObjectNode json = (ObjectNode) JSON.readTree(payload);
        ((ObjectNode) json.get("data")).put("newCount", newCount);
        return JSON.writeValueAsString(json);
    }
}
