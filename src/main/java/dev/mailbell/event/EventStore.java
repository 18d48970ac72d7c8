package dev.mailbell.event;

import dev.mailbell.database.Sql;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The table of events. */
public final class EventStore {
    private final Jdbi jdbi;

    public EventStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Inserts an event. The statement ends in its select list, so that a caller can append a {@code
     * from}.
     */
    public static Sql insert(Event event) {
        return Sql.of(
                """
                insert into event (id, client_id, account_id, type, created_at, payload)
                select ?::uuid, ?::uuid, ?::uuid, ?, ?::timestamptz, ?\
                """,
                event.id(),
                event.clientId(),
                event.accountId(),
                event.type().wireName(),
                event.createdAt().atOffset(ZoneOffset.UTC),
                event.payload());
    }

    /**
     * A page of a client's events in the order in which they were committed: a later page never
     * holds an event that belongs before an earlier one. When the event to read after is no longer
     * kept, the page begins a minute before it: events may be repeated, none is left out. When
     * there is none since, the page begins at the end of the feed: else the removal of an account
     * would repeat all others' events.
     *
     * @param after the event before the page; null for the oldest that is kept
     * @param type null for all
     * @param accountId null for all
     * @param limit events at most
     */
    public List<Event> after(
            UUID clientId,
            @Nullable UUID after,
            @Nullable EventType type,
            @Nullable UUID accountId,
            int limit) {
        // A literal, so that the planner can use the index of the rare types.
        String ofType = type == null ? "" : " and type = '" + type.wireName() + "'";
        String ofAccount = accountId == null ? "" : " and account_id = :account";
        return jdbi.withHandle(handle -> {
            Position position = position(handle, clientId, after);
            var query =
                    handle.createQuery(
                                    """
                                    select * from event
                                    where client_id = :client and (tx, id) > (:tx::xid8, :id)
                                        and tx < pg_snapshot_xmin(pg_current_snapshot())\
                                    """
                                            + ofType
                                            + ofAccount
                                            + " order by tx, id limit :limit")
                            .bind("client", clientId)
                            .bind("tx", position.tx())
                            .bind("id", position.id())
                            .bind("limit", limit);
            if (accountId != null) {
                query.bind("account", accountId);
            }
            return query.map((row, context) -> read(row)).list();
        });
    }

    /**
     * The latest events of a client, the newest first, without those of transactions that the feed
     * does not show yet: the feed goes on after the first of them.
     *
     * @param type null for all
     * @param accountId null for all
     */
    public List<Event> latest(
            UUID clientId, @Nullable EventType type, @Nullable UUID accountId, int limit) {
        String ofType = type == null ? "" : " and type = '" + type.wireName() + "'";
        String ofAccount = accountId == null ? "" : " and account_id = :account";
        return jdbi.withHandle(handle -> {
            var query =
                    handle.createQuery(
                                    "select * from event where client_id = :client"
                                            + " and tx < pg_snapshot_xmin(pg_current_snapshot())"
                                            + ofType
                                            + ofAccount
                                            + " order by tx desc, id desc limit :limit")
                            .bind("client", clientId)
                            .bind("limit", limit);
            if (accountId != null) {
                query.bind("account", accountId);
            }
            return query.map((row, context) -> read(row)).list();
        });
    }

    /** A position in the feed: after this event of this transaction. */
    private record Position(String tx, UUID id) {
        static final UUID LOWEST = new UUID(0, 0);
        static final Position START = new Position("0", LOWEST);
    }

    private static Position position(Handle handle, UUID clientId, @Nullable UUID after) {
        if (after == null) {
            return Position.START;
        }
        return handle.createQuery(
                        "select tx::text from event where id = :after and client_id = :client")
                .bind("after", after)
                .bind("client", clientId)
                .mapTo(String.class)
                .findOne()
                .map(tx -> new Position(tx, after))
                .orElseGet(() -> minuteBefore(handle, clientId, after));
    }

    // One statement, so that no event that is committed meanwhile is before the position: it is not
    // later than the transactions that still run. The events of a restored database are all of the
    // transaction 0, in which the id decides.
    private static Position minuteBefore(Handle handle, UUID clientId, UUID after) {
        return handle.createQuery(
                        """
                        with since as materialized (
                            select e.tx from event e where client_id = :client and id >= :minuteBefore order by e.tx limit 1
                        )
                        select least(tx, pg_snapshot_xmin(pg_current_snapshot())) as tx,
                            case when tx = '0' then :minuteBefore else :lowest end as id from since
                        union all (
                            select e.tx, e.id from event e where client_id = :client and not exists (select from since)
                                and e.tx < pg_snapshot_xmin(pg_current_snapshot()) order by e.tx desc, e.id desc limit 1)\
                        """)
                .bind("client", clientId)
                .bind("minuteBefore", minuteBefore(after))
                .bind("lowest", Position.LOWEST)
                .map((row, context) ->
                        new Position(row.getString("tx"), row.getObject("id", UUID.class)))
                .findOne()
                .orElse(Position.START);
    }

    private static Event read(ResultSet row) throws SQLException {
        return read(row, "id");
    }

    /**
     * Reads an event of a row with more columns.
     *
     * @param id the name of the column with the event's id
     */
    public static Event read(ResultSet row, String id) throws SQLException {
        return new Event(
                row.getObject(id, UUID.class),
                row.getObject("client_id", UUID.class),
                row.getObject("account_id", UUID.class),
                EventType.ofWireName(row.getString("type"))
                        .orElseThrow(
                                () -> new IllegalStateException("an event of a newer version")),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getString("payload"));
    }

    /**
     * Keeps the order of the feed after the database was restored into another server, whose
     * transaction ids start again: the events of the old server come first, in the order of ids.
     */
    public void adoptRestored() {
        // By client, because the feed's index then shows at once that there is none.
        jdbi.useTransaction(handle -> {
            // Millions of rows take longer than the timeout of other statements.
            handle.execute("set local statement_timeout = 0");
            handle.execute(
                    """
                    update event set tx = '0'
                    where client_id in (
                        select c.id from client c where exists (
                            select from event e where e.client_id = c.id and e.tx > pg_current_xact_id()))\
                    """);
        });
    }

    private static UUID minuteBefore(UUID id) {
        long millis = (id.getMostSignificantBits() >>> 16) - 60_000;
        return new UUID(Math.max(0, millis) << 16 | 0x7000, 0x8000_0000_0000_0000L);
    }
}
