package dev.mailbell.event;

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

    /** Adds an event, within the caller's transaction. */
    public static void insert(Handle handle, Event event) {
        handle.createUpdate(
                        """
                        insert into event (id, client_id, account_id, type, created_at, payload)
                        values (:id, :client, :account, :type, :createdAt, :payload)\
                        """)
                .bind("id", event.id())
                .bind("client", event.clientId())
                .bind("account", event.accountId())
                .bind("type", event.type().wireName())
                .bind("createdAt", event.createdAt().atOffset(ZoneOffset.UTC))
                .bind("payload", event.payload())
                .execute();
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
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                with place as (
                                    select coalesce(
                                        (select tx from event where id = :after and client_id = :client),
                                        (select min(tx::text::bigint)::text::xid8 from event
                                            where client_id = :client and id >= :minuteBefore),
                                        '0'::xid8) as tx,
                                        exists (select from event where id = :after and client_id = :client) as kept)
                                select e.* from event e, place p
                                where e.client_id = :client
                                    and e.tx < pg_snapshot_xmin(pg_current_snapshot())
                                    and (:after::uuid is null
                                        or (p.kept and (e.tx, e.id) > (p.tx, :after::uuid))
                                        or (not p.kept and e.tx >= p.tx))
                                    and (:type::text is null or e.type = :type)
                                    and (:account::uuid is null or e.account_id = :account::uuid)
                                order by e.tx, e.id limit :limit\
                                """)
                        .bind("client", clientId)
                        .bind("after", after)
                        .bind("minuteBefore", after == null ? null : minuteBefore(after))
                        .bind("type", type == null ? null : type.wireName())
                        .bind("account", accountId)
                        .bind("limit", limit)
                        .map((row, context) ->
                                new Event(
                                        row.getObject("id", UUID.class),
                                        row.getObject("client_id", UUID.class),
                                        row.getObject("account_id", UUID.class),
                                        EventType.ofWireName(row.getString("type"))
                                                .orElseThrow(() ->
                                                        new IllegalStateException(
                                                                "an event of a newer version")),
                                        row.getObject("created_at", OffsetDateTime.class)
                                                .toInstant(),
                                        row.getString("payload")))
                        .list());
    }

    /**
     * Makes the order hold after the database was restored into another server, whose transactions
     * count anew: what was numbered by the old one comes first, in the order of ids.
     */
    public void adoptRestored() {
        jdbi.useHandle(handle ->
                handle.execute("update event set tx = '0' where tx > pg_current_xact_id()"));
    }

    private static UUID minuteBefore(UUID id) {
        long millis = (id.getMostSignificantBits() >>> 16) - 60_000;
        return new UUID(Math.max(0, millis) << 16 | 0x7000, 0x8000_0000_0000_0000L);
    }
}
