package dev.mailbell.mark;

/** What one look saw of a POP3 maildrop: no more than was needed to be sure. */
public sealed interface Pop3Observation extends Observation {

    /** The summary matches the mark in every part: nothing came, nothing went. */
    record Unchanged() implements Pop3Observation {}

    /**
     * All messages of the mark are where they were and {@code messages} follow them: the number
     * grew, the UIDs at the first and at the stored top are as stored, and the stored octets plus
     * the tail's sizes give the new octets.
     */
    record Tail(Pop3Mark mark, Listing messages) implements Pop3Observation {}

    /** The whole maildrop, in the server's order. */
    record Full(Pop3Mark mark, Listing messages) implements Pop3Observation {
        public Full {
            if (messages.size() != mark.total()) {
                throw new IllegalArgumentException(
                        mark.total() + " messages counted but " + messages.size() + " listed");
            }
        }
    }

    /**
     * Messages in the server's order; three arrays of one length, owned by this record.
     *
     * @param numbers message numbers within the session
     * @param keys {@link UidKey keys} of their UIDs, 62 bits
     * @param sizes their sizes in octets
     */
    @SuppressWarnings(
            "ArrayRecordComponent") // a million messages: three arrays, not a million objects
    record Listing(int[] numbers, long[] keys, int[] sizes) {
        /** No message at all. */
        public static final Listing NONE = new Listing(new int[0], new long[0], new int[0]);

        public Listing {
            if (numbers.length != keys.length || sizes.length != keys.length) {
                throw new IllegalArgumentException("columns of different length");
            }
        }

        public int size() {
            return keys.length;
        }
    }
}
