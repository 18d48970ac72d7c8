package dev.mailbell.mark;

import dev.mailbell.mark.Change.Kind;
import dev.mailbell.mark.ImapObservation.Identities;
import dev.mailbell.mark.PositionRefusedException.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts in an IMAP mailbox whose UIDs do not last. What is known of it is the multiset of its
 * messages' keys, and new is what a listing has beyond it: the computation of POP3's full listing.
 */
final class ImapIdentities {
    private ImapIdentities() {}

    /** Holds a listing against the state. */
    static Change after(
            ImapState state,
            ImapObservation seen,
            Identities listed,
            @Nullable PositionUpdate update,
            Supplier<KnownMessages> known) {
        if (update instanceof PositionUpdate.UpTo) {
            throw new PositionRefusedException(
                    Reason.UNKNOWN_UID,
                    "the UIDs of this server do not last, so no position can be given by them;"
                            + " give \"all\": true");
        }
        ImapMark before = state.mark();
        if (before != null && !before.approximate()) {
            return takenOver(before, seen, listed, update);
        }
        Pop3State maildrop =
                before == null
                        ? Pop3State.UNSEEN
                        : new Pop3State(mark(before.total()), state.client(), state.pending());
        Change change =
                maildrop.after(
                        new Pop3Observation.Full(mark(listed.keys().length), listing(listed)),
                        update,
                        known);
        ImapState next = state(before, seen, listed, change.next());
        Kind kind =
                change.kind() == Kind.NOTHING && !next.isRecordedAs(state)
                        ? Kind.MOVED
                        : change.kind();
        List<Long> newest = new ArrayList<>();
        for (long number : change.newest()) {
            newest.add(listed.uids()[(int) number - 1]);
        }
        return new Change(kind, change.newCount(), true, next, change.known().orElse(null), newest);
    }

    /**
     * The UIDs of the mark have turned out not to last. Its messages are not known by their
     * headers, so what is new is what the look found to have arrived.
     */
    private static Change takenOver(
            ImapMark before,
            ImapObservation seen,
            Identities listed,
            @Nullable PositionUpdate update) {
        Change begun =
                Pop3State.UNSEEN.after(
                        new Pop3Observation.Full(mark(listed.keys().length), listing(listed)),
                        update,
                        KnownMessages::none);
        int newCount = update == null ? Math.min(seen.arrivedSince(), listed.keys().length) : 0;
        List<Long> newest = new ArrayList<>();
        for (int i = Math.max(0, listed.uids().length - Math.min(newCount, Change.NEWEST));
                i < listed.uids().length;
                i++) {
            newest.add(listed.uids()[i]);
        }
        return new Change(
                newCount > 0 ? Kind.NEW : Kind.MOVED,
                newCount,
                true,
                state(before, seen, listed, begun.next()),
                begun.known().orElse(null),
                newest);
    }

    /** UIDVALIDITY and UIDNEXT keep their first values: they change without any mail. */
    private static ImapState state(
            @Nullable ImapMark before,
            ImapObservation seen,
            Identities listed,
            MailboxState maildrop) {
        return new ImapState(
                new ImapMark(
                        before == null ? seen.uidValidity() : before.uidValidity(),
                        before == null ? Math.max(1, seen.uidNext()) : before.uidNext(),
                        listed.keys().length,
                        listed.topKey(),
                        UidSet.empty(),
                        true),
                maildrop.client(),
                maildrop.pending());
    }

    private static Pop3Mark mark(int total) {
        return new Pop3Mark(total, 0, null, null, false);
    }

    private static Pop3Observation.Listing listing(Identities listed) {
        int[] numbers = new int[listed.keys().length];
        Arrays.setAll(numbers, i -> i + 1);
        // Of one size: nothing is concluded from the sizes of other messages.
        return new Pop3Observation.Listing(numbers, listed.keys(), new int[numbers.length]);
    }
}
