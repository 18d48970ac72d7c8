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
 * Counts new messages in an IMAP mailbox whose UIDs are not stable. The known messages are a
 * multiset of header keys; a message of the listing that is not in the multiset is new. The
 * computation is the one of a full POP3 listing.
 */
final class ImapIdentities {
    /**
     * How many deleted messages may be counted as present before the mailbox is listed as a whole;
     * in a mailbox of more messages, as many as it has.
     */
    static final int MAX_UNNOTICED_DELETIONS = 500;

    private ImapIdentities() {}

    /** Compares a listing with the state. */
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
            return switchedToHeaders(state, before, seen, listed, located);
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
        if (unnoticed > Math.max(MAX_UNNOTICED_DELETIONS, listed.total())) {
            // Some of the messages before the tail were deleted; only a full listing shows which.
            next = next.withExhaustiveNext();
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
     * Translates a position by UID into a number of messages. The client has read its UIDs in
     * another session; they are valid in the session of the check only under the same UIDVALIDITY.
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
        if (!isAscending(listed.uids()) || seen.uidNextGiven() && uid >= seen.uidNext()) {
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

    private static boolean isAscending(long[] uids) {
        for (int i = 0; i < uids.length; i++) {
            if (uids[i] <= (i == 0 ? 0 : uids[i - 1])) {
                return false;
            }
        }
        return true;
    }

    /**
     * The first check by headers of a mailbox that was counted by UIDs. The headers of its messages
     * are not known, so the number of new messages is the one that the check found by arrival time.
     * A position stays valid while UIDVALIDITY is the same.
     */
    private static Change switchedToHeaders(
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
                && isAscending(listed.uids())) {
            position = first(listed, Long.parseLong(client.uid()), seen.uidValidity(), false);
        }
        Change initial = Pop3State.UNSEEN.after(whole(listed), position, KnownMessages::none);
        Integer pending = initial.next().pending();
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
                state(before, seen, listed, initial.next()),
                initial.known().orElse(null),
                newest);
    }

    /**
     * UIDVALIDITY and UIDNEXT keep their first values, because they change without any new mail.
     */
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
        // All sizes are equal, so that no conclusion is drawn from sizes.
        return new MessageListing(numbers, listed.keys(), new int[numbers.length]);
    }
}
