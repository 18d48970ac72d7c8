package dev.mailbell.cluster.ownership;

import dev.mailbell.database.Sql;

/**
 * The right to write the rows of a shard.
 *
 * @param epoch rises each time a node takes the shard
 */
public record ShardFence(int shard, long epoch) {
    /**
     * An SQL condition that holds only while no other node has taken the shard. It locks no row, so
     * a statement that began before the shard was taken may still commit after it; the version of
     * {@code mailbox} excludes that for marks.
     */
    public Sql condition() {
        return Sql.of("exists (select from shard where id = ? and epoch = ?)", shard, epoch);
    }
}
