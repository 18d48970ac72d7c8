package dev.mailbell.detection;

import dev.mailbell.detection.messages.Arrival;
import dev.mailbell.detection.messages.MessageListing;
import java.util.Arrays;

/** What one look saw of a POP3 maildrop: no more than was needed to be sure. */
public sealed interface Pop3Observation extends Observation {

    /** The summary matches the mark in every part: nothing came, nothing went. */
    record Unchanged() implements Pop3Observation {}

    /**
     * All messages of the mark are where they were and {@code messages} follow them: the number
     * grew, the UIDs at the first and at the stored top are as stored, and the stored octets plus
     * the tail's sizes give the new octets.
     */
    record Tail(Pop3Mark mark, MessageListing messages) implements Pop3Observation {}

    /**
     * The whole maildrop, in the server's order.
     *
     * @param sizes asks the server for what the listing lacks and the count needs
     */
    record Full(Pop3Mark mark, MessageListing messages, Sizes sizes) implements Pop3Observation {
        /** A listing with all its sizes. */
        public Full(Pop3Mark mark, MessageListing messages) {
            this(mark, messages, places -> messages.sizes());
        }

        public Full {
            if (messages.size() != mark.total()) {
                throw new IllegalArgumentException(
                        mark.total() + " messages counted but " + messages.size() + " listed");
            }
        }
    }

    /**
     * Asks the server for what decides something and a listing of UIDs alone does not have; a
     * listing without it costs less.
     */
    @FunctionalInterface
    interface Sizes {
        /**
         * The sizes of a listing, where {@link MessageListing#UNKNOWN} stands for those not asked
         * for and those that the server does not give.
         *
         * @param places the places in the listing of the messages whose sizes are needed
         */
        int[] at(int[] places);

        /**
         * Whether other sessions give the messages the UIDs that this one gave. May open such
         * sessions, at most once a day for a maildrop.
         */
        default boolean doUidsLast() {
            return true;
        }

        /**
         * All UIDs of the maildrop have changed, and none of its messages: whether that has
         * happened within a day before.
         */
        default boolean haveUidsChangedAgain() {
            return false;
        }

        /** The same maildrop by what its UIDs are no part of: headers, or sizes. */
        default Full withoutUids() {
            throw new IllegalStateException("only UIDs are known of this maildrop");
        }

        /**
         * When messages reached the server, by the first line that it put into their headers.
         *
         * @param places of the messages in the listing
         */
        default Arrival[] arrivals(int[] places) {
            Arrival[] unknown = new Arrival[places.length];
            Arrays.fill(unknown, Arrival.UNKNOWN);
            return unknown;
        }
    }
}
