package dev.mailbell.cluster.ownership;

import dev.mailbell.database.FencedException;
import java.util.Set;

/**
 * The shards that this node works on. A shard is a share of the accounts, 0 to 1,023; the node that
 * owns it checks these accounts and sends their deliveries. Answers from memory. Safe for many
 * threads.
 */
public interface Ownership {
    /**
     * Whether this node may connect to mail servers and webhooks now: false once its last
     * successful heartbeat is so old that other nodes may soon take its shards.
     */
    boolean isActive();

    /** Whether new work of this shard may begin: it is owned, not being released, and active. */
    boolean mayBegin(int shard);

    /**
     * The condition for writes of this shard, also while the shard is being released.
     *
     * @throws FencedException when this node does not own the shard, or is not active
     */
    ShardFence fence(int shard);

    /** The shards of which new work may begin; a snapshot. */
    Set<Integer> shards();

    /** How many nodes share the work, this one included; at least 1. */
    int nodes();
}
