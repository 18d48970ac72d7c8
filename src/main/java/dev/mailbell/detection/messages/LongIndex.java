package dev.mailbell.detection.messages;

import java.util.Arrays;

/**
 * A hash index of 62-bit keys in an array that returns each array index at most once. It takes 12
 * bytes a key and does not box.
 */
final class LongIndex {
    private static final int NONE = -1;

    private final long[] keys;
    private final int[] heads;
    private final int[] next;
    private final int mask;

    /** Indexes all keys of the array except negative ones. */
    LongIndex(long[] keys) {
        int slots = Integer.highestOneBit(Math.max(8, keys.length)) << 1;
        this.keys = keys;
        this.heads = new int[slots];
        this.next = new int[keys.length];
        this.mask = slots - 1;
        Arrays.fill(heads, NONE);
        // From the end, so that equal keys are returned in their order.
        for (int index = keys.length - 1; index >= 0; index--) {
            if (keys[index] >= 0) {
                int slot = slot(keys[index]);
                next[index] = heads[slot];
                heads[slot] = index;
            }
        }
    }

    /** The first index of the key that was not taken yet; -1 for none. */
    int take(long key) {
        int slot = slot(key);
        int before = NONE;
        for (int index = heads[slot]; index != NONE; index = next[index]) {
            if (keys[index] == key) {
                if (before == NONE) {
                    heads[slot] = next[index];
                } else {
                    next[before] = next[index];
                }
                return index;
            }
            before = index;
        }
        return NONE;
    }

    private int slot(long key) {
        return (int) (key ^ key >>> 32) & mask;
    }
}
