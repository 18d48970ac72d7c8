package dev.mailbell.detection.messages;

import java.util.Arrays;

/**
 * Messages in the server's order; three arrays of one length, owned by this record.
 *
 * @param numbers message numbers within the session
 * @param keys {@link UidKey keys} of their UIDs, 62 bits
 * @param sizes their sizes in octets, or {@link #UNKNOWN}
 */
@SuppressWarnings("ArrayRecordComponent") // a million messages: three arrays, not a million objects
public record MessageListing(int[] numbers, long[] keys, int[] sizes) {
    /** Stands for a size that was not asked for. */
    public static final int UNKNOWN = -1;

    /** A listing without messages. */
    public static final MessageListing NONE =
            new MessageListing(new int[0], new long[0], new int[0]);

    public MessageListing {
        if (numbers.length != keys.length || sizes.length != keys.length) {
            throw new IllegalArgumentException("columns of different length");
        }
    }

    public int size() {
        return keys.length;
    }

    public boolean lacksSizes() {
        return Arrays.stream(sizes).anyMatch(size -> size == UNKNOWN);
    }

    public MessageListing with(int[] otherSizes) {
        return new MessageListing(numbers, keys, otherSizes);
    }
}
