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

    /** Adds an event. Ends in what it selects, so that a greater statement can say from where. */
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
     * A client's events in the order they were committed, those after an event (null: from the
     * oldest that is kept), {@code limit} at most. An event never appears before one that was
     * already given out. Where the event after which to read is no longer kept, reading begins a
     * minute before it: events may come again, none is left out.
     *
     * @param type null for all
     * @param accountId null for all
     */
    public List<Event> after(
            UUID clientId,
            @Nullable UUID after,
            @Nullable EventType type,
            @Nullable UUID accountId,
            int limit) {
        // Written into the statement, so that the index of the rare types can be taken.
        String ofType = type == null ? "" : " and type = '" + type.wireName() + "'";
        String ofAccount = accountId == null ? "" : " and account_id = :account";
        return jdbi.withHandle(handle -> {
            Place place = place(handle, clientId, after);
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
                            .bind("tx", place.tx())
                            .bind("id", place.id())
                            .bind("limit", limit);
            if (accountId != null) {
                query.bind("account", accountId);
            }
            return query.map((row, context) -> read(row)).list();
        });
    }

    /** Where reading goes on: after this event of this transaction. */
    private record Place(String tx, UUID id) {
        static final UUID LOWEST = new UUID(0, 0);
        static final Place START = new Place("0", LOWEST);
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

    private static Place minuteBefore(Handle handle, UUID clientId, UUID after) {
        return handle.createQuery(
                        """
                        select e.tx::text from event e where client_id = :client and id >= :minuteBefore
                        order by e.tx limit 1\
                        """)
                .bind("client", clientId)
                .bind("minuteBefore", minuteBefore(after))
                .mapTo(String.class)
                .findOne()
                .map(tx -> new Place(tx, Place.LOWEST))
                .orElse(Place.START);
    }

    private static Event read(ResultSet row) throws SQLException {
        return read(row, "id");
    }

    /**
     * Reads an event of a row that has more than that.
     *
     * @param id the name of the column with its id
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
     * Makes the order hold after the database was restored into another server, whose transactions
     * count anew: what was numbered by the old one comes first, in the order of ids.
     */
    public void adoptRestored() {
        // Client by client, because the feed's index then knows at once that there is none.
        jdbi.useTransaction(handle -> {
            // A log of millions takes longer than any other statement may.
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
