package dev.mailbell.detection;

import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.Pop3Mark.Basis;
import dev.mailbell.detection.PositionRefusedException.Reason;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.detection.messages.KnownMessages.Difference;
import dev.mailbell.detection.messages.MessageListing;
import dev.mailbell.detection.messages.RekeyedMessages;
import dev.mailbell.detection.messages.RenamedMessages;
import dev.mailbell.detection.messages.UidKey;
import dev.mailbell.detection.messages.UidText;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The known state of a POP3 maildrop. The messages themselves are stored separately as {@link
 * KnownMessages}.
 *
 * @param mark null until the baseline
 * @param client the client's position; null until the client first gives one
 * @param pending how many present messages that position does not cover; null without one
 */
public record Pop3State(
        @Nullable Pop3Mark mark, @Nullable Position client, @Nullable Integer pending)
        implements MailboxState {

    /** The state before the first check. */
    public static final Pop3State UNSEEN = new Pop3State(null, null, null);

    @Override
    public long searchFrom(@Nullable PositionUpdate update) {
        return 1;
    }

    @Override
    public Change after(
            Observation observation,
            @Nullable PositionUpdate update,
            Supplier<KnownMessages> known) {
        Pop3Mark before = mark;
        return switch ((Pop3Observation) observation) {
            case Pop3Observation.Unchanged() -> {
                if (before == null) {
                    throw new IllegalArgumentException("nothing is known that could be unchanged");
                }
                yield update == null
                        ? new Change(Kind.NOTHING, 0, before.approximate(), this, null, List.of())
                        : counted(
                                before,
                                new Difference(known.get(), new int[0], 0, 0),
                                MessageListing.NONE,
                                update,
                                known.get());
            }
            case Pop3Observation.Tail(Pop3Mark next, MessageListing messages) -> {
                KnownMessages old = known.get();
                yield counted(next, old.grown(messages), messages, update, old);
            }
            case Pop3Observation.Full full -> full(full, update, known.get());
        };
    }

    private Change full(
            Pop3Observation.Full seen, @Nullable PositionUpdate update, KnownMessages known) {
        Pop3Mark next = seen.mark();
        MessageListing messages = seen.messages();
        // Without UIDs a key is only a size, which does not identify a message that returns.
        KnownMessages old = next.basis() == Basis.SIZES ? known.withoutGone() : known;
        if (mark != null && changesBasis(mark, next)) {
            return counted(next, RekeyedMessages.of(known, messages), messages, update, known);
        }
        Difference difference = old.listed(messages);
        boolean allNew =
                difference.survivors() * 10L <= old.live()
                        && difference.returned() * 10L <= messages.size();
        boolean sizesDecide = mark == null || allNew;
        if (messages.lacksSizes() && (sizesDecide || difference.fresh().length > 0)) {
            int[] needed =
                    sizesDecide
                            ? IntStream.range(0, messages.size()).toArray()
                            : difference.fresh();
            messages = messages.with(seen.queries().sizes(needed));
            difference = old.listed(messages);
        }
        if (mark == null || mark.basis() != next.basis()) {
            // The server began or ceased to offer UIDs: the keys cannot be compared.
            int arrived = mark == null ? 0 : Math.max(0, next.total() - mark.total());
            KnownMessages listed = KnownMessages.none().listed(messages).next();
            return begin(
                    mark == null ? Kind.BASELINE : Kind.RESET,
                    arrived,
                    next,
                    listed,
                    messages,
                    update);
        }
        if (difference.fresh().length == 0 || next.basis() == Basis.SIZES) {
            return counted(next, difference, messages, update, old);
        }
        return next.basis() == Basis.UIDS
                ? byUids(seen, messages, difference, allNew, update, old)
                : counted(next, byHeaders(old, difference, messages), messages, update, old);
    }

    /** Removes messages whose header was readable at one check and not at the other. */
    private static Difference byHeaders(
            KnownMessages old, Difference difference, MessageListing messages) {
        RenamedMessages unnamed = new RenamedMessages(old, difference, messages);
        unnamed.keepUnnamed(messages);
        return unnamed.isEmpty() ? difference : unnamed.leftOut(difference);
    }

    /** Whether the basis changes at a server that has UIDL. */
    private static boolean changesBasis(Pop3Mark mark, Pop3Mark next) {
        return mark.basis() != next.basis() && !mark.lacksUidl() && !next.lacksUidl();
    }

    /** Counts messages with unknown UIDs, except known messages whose UIDs changed. */
    private Change byUids(
            Pop3Observation.Full seen,
            MessageListing messages,
            Difference difference,
            boolean allNew,
            @Nullable PositionUpdate update,
            KnownMessages old) {
        Pop3Mark next = seen.mark();
        RenamedMessages renamed = new RenamedMessages(old, difference, messages);
        // Only a listing in which most UIDs are unknown may come from UIDs that differ from session
        // to session.
        boolean isMostlyNew = difference.fresh().length * 2L > messages.size();
        if (isMostlyNew && renamed.hasSameSize() && !seen.queries().areUidsStable()) {
            return full(seen.queries().withoutUids(), update, old);
        }
        if (!renamed.isEmpty()) {
            renamed.prove(seen.queries()::arrivals);
        }
        if (renamed.isEmpty()) {
            return counted(next, difference, messages, update, old);
        }
        // The old UIDs stay known, because they may return.
        Difference changed = renamed.leftOut(difference);
        if (!allNew || !renamed.isProvedBySizes()) {
            return counted(next, changed, messages, update, old).withApproximateCount();
        }
        if (seen.queries().haveUidsChangedAgain()) {
            return full(seen.queries().withoutUids(), update, old);
        }
        return begin(Kind.RESET, changed.fresh().length, next, difference.next(), messages, update);
    }

    private Change begin(
            Kind kind,
            int arrived,
            Pop3Mark next,
            KnownMessages listed,
            MessageListing messages,
            @Nullable PositionUpdate update) {
        Located located =
                update == null
                        ? new Located(listed, null, -1)
                        : locate(listed, next, messages, update);
        Pop3State state = new Pop3State(next, located.position(), unfetched(located));
        return new Change(
                kind,
                arrived,
                next.approximate() || kind == Kind.RESET,
                state,
                located.known(),
                List.of());
    }

    private Change counted(
            Pop3Mark seen,
            Difference difference,
            MessageListing messages,
            @Nullable PositionUpdate update,
            KnownMessages old) {
        // A message that returned may stand in the place of another one: the next check lists too.
        Pop3Mark next = difference.returned() > 0 ? seen.unproven() : seen;
        Located located =
                update == null
                        ? new Located(difference.next(), client, -1)
                        : locate(difference.next(), next, messages, update);
        int[] fresh = difference.fresh();
        if (fresh.length == 0 && isAnotherOfItsSize(next)) {
            fresh = new int[] {messages.size() - 1};
        }
        int covered = 0;
        while (covered < fresh.length && fresh[covered] <= located.coveredThrough()) {
            covered++;
        }
        Pop3State state = new Pop3State(next, located.position(), unfetched(located));
        int newCount = fresh.length - covered;
        KnownMessages changed =
                located.known().changedSince(old).isEmpty()
                                && located.known().chunks().size() == old.chunks().size()
                        ? null
                        : located.known();
        Kind kind =
                newCount > 0
                        ? Kind.NEW
                        : state.equals(this) && changed == null ? Kind.NOTHING : Kind.MOVED;
        List<Long> newest = new ArrayList<>();
        for (int i = Math.max(covered, fresh.length - Change.NEWEST); i < fresh.length; i++) {
            newest.add((long) messages.numbers()[fresh[i]]);
        }
        return new Change(kind, newCount, next.approximate(), state, changed, newest);
    }

    /** By sizes alone nothing is new, but the last message is a different one of the same size. */
    private boolean isAnotherOfItsSize(Pop3Mark next) {
        return mark != null
                && mark.basis() == Basis.SIZES
                && next.basis() == Basis.SIZES
                && next.total() > 0
                && next.total() >= mark.total()
                && next.topUid() != null
                && mark.topUid() != null
                && !next.topUid().equals(mark.topUid());
    }

    private static @Nullable Integer unfetched(Located located) {
        return located.position() == null ? null : (Integer) located.known().unfetched();
    }

    /**
     * A client's position within the maildrop.
     *
     * @param coveredThrough the last index of the listing that the position covers; -1 for none
     */
    private record Located(KnownMessages known, @Nullable Position position, int coveredThrough) {}

    private Located locate(
            KnownMessages known, Pop3Mark next, MessageListing messages, PositionUpdate update) {
        switch (update) {
            case PositionUpdate.All() -> {
                Position top = new Position(next.total(), next.topUid(), null);
                return new Located(known.allFetched(), top, Integer.MAX_VALUE);
            }
            case PositionUpdate.UpTo(String uid, Long validity, boolean rewind)
                    when next.approximate() && uid.equals(next.topUid()) -> {
                return new Located(
                        known.allFetched(),
                        new Position(next.total(), uid, null),
                        Integer.MAX_VALUE);
            }
            case PositionUpdate.First(
                            int messagesHad,
                            String uid,
                            long validity,
                            boolean rewind) -> {
                KnownMessages fetched = known.fetchedFirst(messagesHad, rewind);
                Position position =
                        doesNotMove(known, fetched, rewind)
                                ? client
                                : new Position(messagesHad, uid, validity);
                return new Located(fetched, position, messagesHad - 1);
            }
            case PositionUpdate.UpTo(String uid, Long validity, boolean rewind) -> {
                long key = keyOf(uid);
                KnownMessages fetched =
                        known.fetchedThrough(key, rewind)
                                .orElseThrow(() ->
                                        new PositionRefusedException(
                                                Reason.UNKNOWN_UID,
                                                "no check has seen a message with the UID \""
                                                        + uid
                                                        + "\" in this maildrop"));
                Position position =
                        doesNotMove(known, fetched, rewind)
                                ? client
                                : new Position(known.numberOf(key), uid, null);
                return new Located(fetched, position, lastIndexOf(messages, key));
            }
        }
    }

    /** Whether a position covers no more than the one before, which therefore stays. */
    private boolean doesNotMove(KnownMessages known, KnownMessages fetched, boolean rewind) {
        return client != null && !rewind && fetched.unfetched() == known.unfetched();
    }

    /** POP3 UIDs are octets, which are decoded as ISO 8859-1. */
    private static long keyOf(String uid) {
        return UidKey.of(UidText.of(uid));
    }

    private static int lastIndexOf(MessageListing messages, long key) {
        for (int i = messages.size() - 1; i >= 0; i--) {
            if (messages.keys()[i] == key) {
                return i;
            }
        }
        return -1;
    }
}
