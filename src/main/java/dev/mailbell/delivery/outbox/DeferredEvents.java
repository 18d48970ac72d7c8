package dev.mailbell.delivery.outbox;

import dev.mailbell.cluster.ShardBits;
import dev.mailbell.database.Sql;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.Ids;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The table of events with deferred deliveries, {@code fanout}. */
public final class DeferredEvents {
    /** Events of a mailbox that merge into one delivery at most. */
    private static final int MAX_EVENTS = 500;

    static final String COLUMNS =
            "f.event_id, f.client_id, f.account_id, f.mailbox, f.shard, f.new_count, f.labels::text as labels, f.served,"
                    + " e.type, e.created_at, e.payload";

    /**
     * A table expression: the ids of {@code oldest} and of the other rows of its mailbox. They are
     * looked up apart, because the planner would read the whole table in the order of its key where
     * the table was empty when the plan was made.
     */
    private static final String ITS_MAILBOX =
            """
            its_mailbox as materialized (
                select event_id from oldest union all
                select q.event_id from oldest o cross join lateral (select event_id from fanout f
                    where f.account_id = o.account_id and coalesce(f.mailbox, '') = o.mailbox offset 0) q)\
            """;

    /**
     * A condition: the row {@code f} with the event {@code e} is deferred for a healthy webhook.
     */
    private static final String HEALTHY_WAITS =
            """
            exists (select from webhook w where w.client_id = e.client_id and w.healthy and\
             (w.accounts is null or w.accounts @> array[f.account_id]) and %s)\
            """
                    .formatted(Subscribers.waitsFor("w", "f"));

    private DeferredEvents() {}

    /**
     * A row of the table.
     *
     * @param labels of the account, as JSON
     * @param served the webhooks that have their deliveries
     * @param event null when it is no longer kept
     */
    public record Row(
            UUID eventId,
            UUID clientId,
            @Nullable UUID accountId,
            @Nullable String mailbox,
            int shard,
            @Nullable Integer newCount,
            String labels,
            List<UUID> served,
            @Nullable Event event) {
        private boolean mergesWith(Row next) {
            return newCount != null
                    && next.newCount != null
                    && labels.equals(next.labels)
                    && served.equals(next.served);
        }

        private Row servedTo(List<UUID> more) {
            List<UUID> all = Stream.concat(served.stream(), more.stream()).toList();
            return new Row(
                    eventId, clientId, accountId, mailbox, shard, newCount, labels, all, event);
        }
    }

    /**
     * A webhook that waits for its delivery.
     *
     * @param early whether it is healthy and waits for no earlier event of the mailbox; one that
     *     became healthy a moment ago may wait for some
     */
    public record Waiting(UUID id, boolean early) {}

    /**
     * Locks the rows to work on next: the first row of a mailbox, and those after it that merge
     * with it. Mailboxes that healthy webhooks wait for come first, then the oldest.
     *
     * @param client whose rows
     * @param shards whose rows; a value of {@link ShardBits}
     */
    public static List<Row> next(Connection connection, UUID client, byte[] shards) {
        return group(
                connection,
                Sql.of(
                                """
                                with oldest as (select account_id, coalesce(mailbox, '') as mailbox, event_id from fanout
                                    where client_id = ? and %s order by healthy desc, event_id limit 1), %s
                                select %s from fanout f left join event e on e.id = f.event_id
                                where f.event_id = any(array(select event_id from its_mailbox))
                                order by f.event_id limit ? for update of f\
                                """
                                        .formatted(
                                                ShardBits.condition("shard", "?"),
                                                ITS_MAILBOX,
                                                COLUMNS),
                                client,
                                shards,
                                MAX_EVENTS)
                        .query(connection, DeferredEvents::row));
    }

    /**
     * Locks the first row of the same mailbox that a healthy webhook waits for, and those after it
     * that merge with it.
     */
    public static List<Row> nextForHealthy(Connection connection, Row marked) {
        return group(
                connection,
                Sql.of(
                                """
                                with oldest as (select ?::uuid as account_id, ? as mailbox, ?::uuid as event_id), %s
                                select %s from fanout f join event e on e.id = f.event_id
                                where f.event_id = any(array(select event_id from its_mailbox)) and %s order by f.event_id limit ? for update of f\
                                """
                                        .formatted(ITS_MAILBOX, COLUMNS, HEALTHY_WAITS),
                                marked.accountId(),
                                marked.mailbox() == null ? "" : marked.mailbox(),
                                marked.eventId(),
                                MAX_EVENTS)
                        .query(connection, DeferredEvents::row));
    }

    private static List<Row> group(Connection connection, List<Row> rows) {
        int size = Math.min(1, rows.size());
        while (size > 0 && size < rows.size() && rows.get(size - 1).mergesWith(rows.get(size))) {
            size++;
        }
        List<Row> group = rows.subList(0, size);
        return size > 1 ? sameAudience(connection, group) : group;
    }

    /** The longest prefix of these rows without a webhook created between their events. */
    private static List<Row> sameAudience(Connection connection, List<Row> rows) {
        Event first = rows.getFirst().event();
        if (first == null) {
            return rows.subList(0, 1);
        }
        List<UUID> created =
                Sql.of(
                                "select id from webhook where client_id = ? and id > ? order by id limit 1",
                                first.clientId(),
                                first.id())
                        .query(connection, row -> row.getObject("id", UUID.class));
        return created.isEmpty()
                ? rows
                : rows.stream()
                        .takeWhile(row -> Ids.compare(row.eventId(), created.getFirst()) < 0)
                        .toList();
    }

    /**
     * The webhooks that wait for the event: the healthy ones first, then the enabled ones. A
     * webhook created after the event does not get it.
     */
    public static List<Waiting> waiting(Connection connection, Row row, int max) {
        return waiting(connection, row, "", "healthy desc, state <> 'enabled', id", max);
    }

    /** The healthy webhooks that wait for the event. */
    public static List<Waiting> healthyWaiting(Connection connection, Row row, int max) {
        return waiting(connection, row, "healthy and", "id", max);
    }

    /** Whether other webhooks than these wait for the event. */
    public static boolean othersWait(Connection connection, Row row, List<UUID> these) {
        return !waiting(connection, row.servedTo(these), "", "id", 1).isEmpty();
    }

    // The ids are compared as text, so that of the indexes only that of mailboxes fits.
    private static List<Waiting> waiting(
            Connection connection, Row row, String condition, String order, int max) {
        Event event = Objects.requireNonNull(row.event(), "of a row that is kept");
        return Sql.of(
                        """
                        select id, healthy and not exists (select from fanout f where f.account_id = ?::uuid
                            and coalesce(f.mailbox, '') = ? and f.event_id::text collate "C" < ?::text and %s) as early
                        from webhook w where %s id < ? and id not in (select unnest(?::uuid[])) and \
                        """
                                .formatted(Subscribers.waitsFor("w", "f"), condition),
                        row.accountId(),
                        row.mailbox() == null ? "" : row.mailbox(),
                        event.id(),
                        event.id(),
                        row.served().toArray(UUID[]::new))
                .then(
                        Subscribers.matches(
                                event.clientId(),
                                event.accountId(),
                                event.type().wireName(),
                                row.labels()))
                .then(" order by " + order + " limit ?", max)
                .query(
                        connection,
                        found ->
                                new Waiting(
                                        found.getObject("id", UUID.class),
                                        found.getBoolean("early")));
    }

    public static void remove(Connection connection, List<Row> rows) {
        if (!rows.isEmpty()) {
            Sql.of("delete from fanout where event_id = any(?)", (Object) ids(rows))
                    .update(connection);
        }
    }

    /**
     * Notes that these webhooks have their deliveries of the events.
     *
     * @param newCount the new count of each row; null for as it is
     * @param healthy whether healthy webhooks may still wait for them
     */
    public static void markServed(
            Connection connection,
            List<Row> rows,
            List<UUID> webhooks,
            @Nullable Integer newCount,
            boolean healthy) {
        Sql.of(
                        """
                        update fanout set served = served || ?, new_count = coalesce(?, new_count), healthy = ?
                        where event_id = any(?)\
                        """,
                        webhooks.toArray(UUID[]::new),
                        Sql.integer(newCount),
                        healthy,
                        ids(rows))
                .update(connection);
    }

    /** Removes the mark of a row that no healthy webhook waits for. */
    public static void unmarkHealthy(Connection connection, Row marked) {
        Sql.of("update fanout set healthy = false where event_id = ?", marked.eventId())
                .update(connection);
    }

    /**
     * Marks the rows of some shards that a healthy webhook waits for, in a part of the table. It
     * skips locked rows, because the deletion of an account locks its rows in another order. The
     * ids are found once, for an array: a plan from a time when the table was empty joins them to
     * each row.
     *
     * @param shards a value of {@link ShardBits}
     * @param after the row before that part; null for the beginning of the table
     * @param some rows in that part at most
     * @return the last row of that part; empty at the end of the table
     */
    public static Optional<UUID> markHealthy(
            Connection connection, byte[] shards, @Nullable UUID after, int some) {
        List<UUID> seen =
                Sql.of(
                                """
                                with part as materialized (
                                    select * from fanout where event_id > ?::uuid order by event_id limit ?
                                ), marked as (
                                    update fanout set healthy = true where event_id = any(array(
                                        select f.event_id from fanout f join event e on e.id = f.event_id
                                        where f.event_id = any(array(select event_id from part)) and not f.healthy and %s and %s
                                        for update of f skip locked))
                                )
                                select event_id from part order by event_id desc\
                                """
                                        .formatted(
                                                ShardBits.condition("f.shard", "?"), HEALTHY_WAITS),
                                after == null ? new UUID(0, 0) : after,
                                some,
                                shards)
                        .query(connection, row -> row.getObject("event_id", UUID.class));
        return seen.size() < some ? Optional.empty() : Optional.of(seen.getFirst());
    }

    private static UUID[] ids(List<Row> rows) {
        return rows.stream().map(Row::eventId).toArray(UUID[]::new);
    }

    static Row row(ResultSet row) throws SQLException {
        return new Row(
                row.getObject("event_id", UUID.class),
                row.getObject("client_id", UUID.class),
                row.getObject("account_id", UUID.class),
                row.getString("mailbox"),
                row.getInt("shard"),
                row.getObject("new_count", Integer.class),
                row.getString("labels"),
                List.of((UUID[]) row.getArray("served").getArray()),
                row.getString("payload") == null ? null : EventStore.read(row, "event_id"));
    }
}
