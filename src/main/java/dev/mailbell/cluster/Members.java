package dev.mailbell.cluster;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The live nodes, and which of them owns a shard, as of the last heartbeat. Answers from memory.
 */
public interface Members {
    /** This node. */
    UUID self();

    /** All live nodes, this one included, in the order of their names and ids. */
    List<Member> live();

    /** The live node that owns a shard; empty while none does. */
    Optional<Member> ownerOf(int shard);
}
