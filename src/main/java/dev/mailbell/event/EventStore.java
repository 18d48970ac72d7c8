package dev.mailbell.event;

import dev.mailbell.database.Sql;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
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
     * A place in the feed: after this event of this transaction. It stays where it is when the
     * event is deleted.
     */
    public record Place(String tx, UUID id) {
        private static final UUID LOWEST = new UUID(0, 0);
        private static final Place START = new Place("0", LOWEST);
    }

    /**
     * A page of the feed.
     *
     * @param end the place after its last event; that before the page when it has none
     */
    public record Page(List<Event> events, Place end) {}

    /**
     * The events of the {@linkplain #page(UUID, Place, EventType, UUID, int) page} after the
     * {@linkplain #place place} of an event.
     *
     * @param after the event before the page; null for the oldest that is kept
     */
    public List<Event> after(
            UUID clientId,
            @Nullable UUID after,
            @Nullable EventType type,
            @Nullable UUID accountId,
            int limit) {
        return jdbi.withHandle(handle ->
                page(handle, clientId, place(handle, clientId, after), type, accountId, limit)
                        .events());
    }

    /**
     * A page of a client's events in the order in which they were committed: a later page never
     * holds an event that belongs before an earlier one.
     *
     * @param type null for all
     * @param accountId null for all
     * @param limit events at most
     */
    public Page page(
            UUID clientId,
            Place after,
            @Nullable EventType type,
            @Nullable UUID accountId,
            int limit) {
        return jdbi.withHandle(handle -> page(handle, clientId, after, type, accountId, limit));
    }

    private static Page page(
            Handle handle,
            UUID clientId,
            Place after,
            @Nullable EventType type,
            @Nullable UUID accountId,
            int limit) {
        // A literal, so that the planner can use the index of the rare types.
        String ofType = type == null ? "" : " and type = '" + type.wireName() + "'";
        String ofAccount = accountId == null ? "" : " and account_id = :account";
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
                        .bind("tx", after.tx())
                        .bind("id", after.id())
                        .bind("limit", limit);
        if (accountId != null) {
            query.bind("account", accountId);
        }
        List<Event> events = new ArrayList<>();
        Place end = after;
        for (Placed placed : query.map((row, context) -> Placed.read(row)).list()) {
            events.add(placed.event());
            end = placed.place();
        }
        return new Page(events, end);
    }

    private record Placed(Event event, Place place) {
        static Placed read(ResultSet row) throws SQLException {
            Event event = EventStore.read(row);
            return new Placed(event, new Place(row.getString("tx"), event.id()));
        }
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

    /**
     * The place of an event. When the event is no longer kept, the place is a minute before it:
     * events may be repeated, none is left out. When there is none since, it is the end of the
     * feed: else the deletion of an account would repeat all others' events.
     *
     * @param after null for the place before the oldest event that is kept
     */
    public Place place(UUID clientId, @Nullable UUID after) {
        return jdbi.withHandle(handle -> place(handle, clientId, after));
    }

    private static Place place(Handle handle, UUID clientId, @Nullable UUID after) {
        if (after == null) {
            return Place.START;
        }
        return handle.createQuery(
                        "select tx::text from event where id = :after and client_id = :client")
                .bind("after", after)
                .bind("client", clientId)
                .mapTo(String.class)
                .findOne()
                .map(tx -> new Place(tx, after))
                .orElseGet(() -> minuteBefore(handle, clientId, after));
    }

    // One statement, so that it passes by no event that is committed meanwhile. The events of a
    // restored database are all of one transaction, in which the id decides.
    private static Place minuteBefore(Handle handle, UUID clientId, UUID after) {
        return handle.createQuery(
                        """
                        with since as materialized (
                            select e.tx from event e where client_id = :client and id >= :minuteBefore order by e.tx limit 1
                        )
                        select tx, :minuteBefore as id from since union all (
                            select e.tx, e.id from event e where client_id = :client and not exists (select from since)
                                and e.tx < pg_snapshot_xmin(pg_current_snapshot()) order by e.tx desc, e.id desc limit 1)\
                        """)
                .bind("client", clientId)
                .bind("minuteBefore", minuteBefore(after))
                .map((row, context) ->
                        new Place(row.getString("tx"), row.getObject("id", UUID.class)))
                .findOne()
                .orElse(Place.START);
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
