package dev.mailbell.watch.record;

import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.FencedException;
import dev.mailbell.database.Sql;
import java.sql.Connection;

/** Tells why a write with a fence changed no row. */
public final class Fences {
    private Fences() {}

    /**
     * A write has changed no row, in this transaction.
     *
     * @throws FencedException when that is because another node has taken the shard
     */
    public static void requireHolds(Connection connection, ShardFence fence) {
        if (Sql.of("select 1 where ")
                .then(fence.condition())
                .query(connection, row -> row.getInt(1))
                .isEmpty()) {
            throw new FencedException();
        }
    }
}
