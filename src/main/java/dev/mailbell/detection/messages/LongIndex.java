package dev.mailbell.detection.messages;

import java.util.Arrays;

/**
 * Finds the places of 62-bit keys in an array; each place can be taken once. 12 bytes a key, no
 * boxes.
 */
final class LongIndex {
    private static final int NONE = -1;

    private final long[] keys;
    private final int[] heads;
    private final int[] next;
    private final int mask;

    /**
     * Indexes the places {@code 0} to {@code keys.length - 1}; a key that is negative is left out.
     */
    LongIndex(long[] keys) {
        int slots = Integer.highestOneBit(Math.max(8, keys.length)) << 1;
        this.keys = keys;
        this.heads = new int[slots];
        this.next = new int[keys.length];
        this.mask = slots - 1;
        Arrays.fill(heads, NONE);
        // From the end, so that the chains give equal keys in their order.
        for (int place = keys.length - 1; place >= 0; place--) {
            if (keys[place] >= 0) {
                int slot = slot(keys[place]);
                next[place] = heads[slot];
                heads[slot] = place;
            }
        }
    }

    /** Takes the first place that holds the key and was not taken yet; -1 when there is none. */
    int take(long key) {
        int slot = slot(key);
        int before = NONE;
        for (int place = heads[slot]; place != NONE; place = next[place]) {
            if (keys[place] == key) {
                if (before == NONE) {
                    heads[slot] = next[place];
                } else {
                    next[before] = next[place];
                }
                return place;
            }
            before = place;
        }
        return NONE;
    }

    private int slot(long key) {
        return (int) (key ^ key >>> 32) & mask;
    }
}
