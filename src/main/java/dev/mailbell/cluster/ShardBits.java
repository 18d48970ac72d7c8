package dev.mailbell.cluster;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Set;

/**
 * A set of shards as a value of {@code bytea}, by which a statement reads the rows of these shards
 * alone. Finding a bit takes the same time for one shard and for all.
 */
public final class ShardBits {
    private static final int BYTES = ClusterTables.SHARDS / Byte.SIZE;

    private ShardBits() {}

    /** The value that the parameter of {@link #condition} takes. */
    public static byte[] of(Set<Integer> shards) {
        BitSet bits = new BitSet(BYTES * Byte.SIZE);
        shards.forEach(bits::set);
        return Arrays.copyOf(bits.toByteArray(), BYTES);
    }

    /**
     * An SQL condition: the shard is in the set. The planner takes an inequality for true of nearly
     * all rows, so the condition leaves a plan as it is without.
     *
     * @param column of the shard
     * @param parameter the placeholder of the set
     */
    public static String condition(String column, String parameter) {
        return "get_bit(" + parameter + "::bytea, " + column + ") <> 0";
    }
}
