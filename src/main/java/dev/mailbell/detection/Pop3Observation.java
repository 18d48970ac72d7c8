package dev.mailbell.detection;

import dev.mailbell.detection.messages.Arrival;
import dev.mailbell.detection.messages.MessageListing;
import java.util.Arrays;

/** What one check observed in a POP3 maildrop. A check reads no more than an exact count needs. */
public sealed interface Pop3Observation extends Observation {

    /** The summary equals the mark in every part: no message was added or removed. */
    record Unchanged() implements Pop3Observation {}

    /**
     * All messages of the mark are unchanged, and {@code messages} follow them: the number grew,
     * the UIDs of the first message and of the mark's last message are the stored ones, and the
     * stored octets plus the tail's sizes equal the new octets.
     */
    record Tail(Pop3Mark mark, MessageListing messages) implements Pop3Observation {}

    /**
     * The whole maildrop, in the server's order.
     *
     * @param queries asks the server for data that the count needs and the listing does not contain
     */
    record Full(Pop3Mark mark, MessageListing messages, Queries queries)
            implements Pop3Observation {
        /** A listing with all its sizes. */
        public Full(Pop3Mark mark, MessageListing messages) {
            this(mark, messages, indexes -> messages.sizes());
        }

        public Full {
            if (messages.size() != mark.total()) {
                throw new IllegalArgumentException(
                        mark.total() + " messages counted but " + messages.size() + " listed");
            }
        }
    }

    /**
     * Further questions to the server, asked only where the listing of UIDs does not decide the
     * count.
     */
    @FunctionalInterface
    interface Queries {
        /**
         * The sizes of a listing; {@link MessageListing#UNKNOWN} for those not asked for and those
         * that the server does not give.
         *
         * @param indexes the indexes in the listing of the messages whose sizes are needed
         */
        int[] sizes(int[] indexes);

        /**
         * Whether other sessions give the messages the same UIDs as this one. May open such
         * sessions, at most once a day for a maildrop.
         */
        default boolean areUidsStable() {
            return true;
        }

        /**
         * Called when all UIDs of the maildrop have changed and its messages have not: whether that
         * has happened before within a day.
         */
        default boolean haveUidsChangedAgain() {
            return false;
        }

        /** The same maildrop, with its messages identified by headers or sizes instead of UIDs. */
        default Full withoutUids() {
            throw new IllegalStateException("only UIDs are known of this maildrop");
        }

        /**
         * When messages reached the server, by the first Received line of their headers.
         *
         * @param indexes indexes of the messages in the listing
         */
        default Arrival[] arrivals(int[] indexes) {
            Arrival[] unknown = new Arrival[indexes.length];
            Arrays.fill(unknown, Arrival.UNKNOWN);
            return unknown;
        }
    }
}
