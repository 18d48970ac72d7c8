package dev.mailbell.detection;

import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.ImapObservation.Identities;
import dev.mailbell.detection.PositionRefusedException.Reason;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.detection.messages.MessageListing;
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
    /** So many messages that are gone may be taken for there; in a large mailbox as many again. */
    static final int UNNOTICED = 500;

    private ImapIdentities() {}

    /** Holds a listing against the state. */
    static Change after(
            ImapState state,
            ImapObservation seen,
            Identities listed,
            @Nullable PositionUpdate update,
            Supplier<KnownMessages> known) {
        ImapMark before = state.mark();
        PositionUpdate located =
                update instanceof PositionUpdate.UpTo upTo
                        ? located(before, seen, listed, upTo)
                        : update;
        if (before != null && !before.approximate()) {
            return takenOver(state, before, seen, listed, located);
        }
        Pop3State maildrop =
                before == null
                        ? Pop3State.UNSEEN
                        : new Pop3State(mark(before.total()), state.client(), state.pending());
        Change change =
                maildrop.after(
                        listed.below() > 0
                                ? new Pop3Observation.Tail(mark(listed.total()), listing(listed))
                                : whole(listed),
                        located,
                        known);
        ImapState next = state(before, seen, listed, change.next());
        int unnoticed = change.known().orElseGet(known).live() - listed.total();
        if (unnoticed > Math.max(UNNOTICED, listed.total())) {
            // Of the messages before a tail some went, and only a listing tells which.
            next = next.opened();
        }
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
     * What a position by UID comes to. A client has its UIDs from a session of its own, and they
     * mean the same in the look's only under the same UIDVALIDITY.
     */
    private static PositionUpdate located(
            @Nullable ImapMark before,
            ImapObservation seen,
            Identities listed,
            PositionUpdate.UpTo upTo) {
        long uid = ImapState.parse(upTo.uid());
        Long validity = upTo.uidValidity();
        long held =
                validity != null
                        ? validity
                        : before == null ? seen.uidValidity() : before.uidValidity();
        if (held != seen.uidValidity()) {
            throw new PositionRefusedException(
                    Reason.OTHER_UIDVALIDITY,
                    "the UIDs of this server do not last, and its UIDVALIDITY is now "
                            + seen.uidValidity()
                            + ": fetch the mailbox anew and give a position with its uidValidity,"
                            + " or give \"all\": true");
        }
        if (!ascend(listed.uids()) || seen.uidNextTold() && uid >= seen.uidNext()) {
            throw new PositionRefusedException(
                    Reason.UNKNOWN_UID,
                    "the mailbox has no UID "
                            + uid
                            + ", and the UIDs of this server do not last: give one that the"
                            + " mailbox has now, or give \"all\": true");
        }
        return first(listed, uid, seen.uidValidity(), upTo.rewind());
    }

    private static PositionUpdate first(
            Identities listed, long uid, long uidValidity, boolean rewind) {
        int messages = (int) Arrays.stream(listed.uids()).filter(each -> each <= uid).count();
        return new PositionUpdate.First(messages, Long.toString(uid), uidValidity, rewind);
    }

    private static boolean ascend(long[] uids) {
        for (int i = 0; i < uids.length; i++) {
            if (uids[i] <= (i == 0 ? 0 : uids[i - 1])) {
                return false;
            }
        }
        return true;
    }

    /**
     * The mailbox was counted by UIDs until now. Its messages are not known by their headers, so
     * what is new is what the look found to have arrived. A position holds while UIDVALIDITY does.
     */
    private static Change takenOver(
            ImapState state,
            ImapMark before,
            ImapObservation seen,
            Identities listed,
            @Nullable PositionUpdate update) {
        Position client = state.client();
        PositionUpdate position = update;
        if (position == null
                && client != null
                && client.uid() != null
                && client.uidValidity() != null
                && client.uidValidity() == seen.uidValidity()
                && ascend(listed.uids())) {
            position = first(listed, Long.parseLong(client.uid()), seen.uidValidity(), false);
        }
        Change begun = Pop3State.UNSEEN.after(whole(listed), position, KnownMessages::none);
        Integer pending = begun.next().pending();
        int newCount =
                Math.min(seen.arrivedSince(), pending == null ? listed.keys().length : pending);
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
                        listed.total(),
                        listed.topKey(),
                        UidSet.empty(),
                        true),
                maildrop.client(),
                maildrop.pending());
    }

    private static Pop3Mark mark(int total) {
        return new Pop3Mark(total, 0, null, null, false);
    }

    private static Pop3Observation.Full whole(Identities listed) {
        return new Pop3Observation.Full(mark(listed.total()), listing(listed));
    }

    private static MessageListing listing(Identities listed) {
        int[] numbers = new int[listed.keys().length];
        Arrays.setAll(numbers, i -> i + 1);
        // Of one size: nothing is concluded from the sizes of other messages.
        return new MessageListing(numbers, listed.keys(), new int[numbers.length]);
    }
}
