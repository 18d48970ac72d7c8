package dev.mailbell.delivery.queue;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.FencedException;
import org.jspecify.annotations.Nullable;

/** The right to begin a call. */
final class BeginFence {
    private BeginFence() {}

    /** The right to write of a shard whose work may begin now; null when it may not. */
    static @Nullable ShardFence of(Ownership ownership, int shard) {
        try {
            return ownership.mayBegin(shard) ? ownership.fence(shard) : null;
        } catch (FencedException lost) {
            return null;
        }
    }
}
