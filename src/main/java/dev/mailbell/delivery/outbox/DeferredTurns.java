package dev.mailbell.delivery.outbox;

import dev.mailbell.cluster.ShardBits;
import dev.mailbell.database.Sql;
import java.sql.Connection;
import java.util.Optional;
import java.util.UUID;

/**
 * The turns of the clients that have deferred events of some shards, in the order of their ids. The
 * shards are a value of {@link ShardBits}.
 */
public final class DeferredTurns {
    /** Below the id of each client. */
    public static final UUID LOWEST = new UUID(0, 0);

    private DeferredTurns() {}

    /**
     * A client with deferred events, whose turn is next: the first one after another in the order
     * of their ids, else the first of all.
     */
    public static Optional<UUID> nextClient(Connection connection, byte[] shards, UUID after) {
        return clientAfter(connection, shards, after)
                .or(() -> clientAfter(connection, shards, LOWEST));
    }

    private static Optional<UUID> clientAfter(Connection connection, byte[] shards, UUID client) {
        return Sql.of(
                        "select client_id from fanout where client_id > ? and %s order by client_id limit 1"
                                .formatted(ShardBits.condition("shard", "?")),
                        client,
                        shards)
                .query(connection, row -> row.getObject("client_id", UUID.class))
                .stream()
                .findFirst();
    }

    /**
     * The first row that is marked as waited for by healthy webhooks, of the client whose turn is
     * next: the first one after another in the order of their ids, else the first of all.
     */
    public static Optional<DeferredEvents.Row> markedHealthy(
            Connection connection, byte[] shards, UUID after) {
        return markedAfter(connection, shards, after)
                .or(() -> markedAfter(connection, shards, LOWEST));
    }

    private static Optional<DeferredEvents.Row> markedAfter(
            Connection connection, byte[] shards, UUID client) {
        return Sql.of(
                        """
                        select %s from (
                            select * from fanout where healthy and client_id > ? and %s order by client_id, event_id limit 1) f
                        left join event e on e.id = f.event_id\
                        """
                                .formatted(
                                        DeferredEvents.COLUMNS, ShardBits.condition("shard", "?")),
                        client,
                        shards)
                .query(connection, DeferredEvents::row)
                .stream()
                .findFirst();
    }
}
