package dev.mailbell.detection;

import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.PositionRefusedException.Reason;
import dev.mailbell.detection.messages.KnownMessages;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The known state of an IMAP mailbox. UIDs ascend strictly (RFC 9051, section 2.3.1.1), so an upper
 * bound and the gaps below it determine which messages were counted.
 *
 * @param client the client's position; null until the client first gives one
 * @param pending how many present messages that position does not cover; null without one
 * @param olderViews how many consecutive checks have seen a mailbox older than the mark; only in
 *     memory
 * @param olderNext UIDNEXT of the last of them
 * @param exhaustiveNext whether the next check must search or list everything, because the last one
 *     skipped UIDs that it did not find, or may have missed many deletions; only in memory
 */
public record ImapState(
        @Nullable ImapMark mark,
        @Nullable Position client,
        @Nullable Integer pending,
        int olderViews,
        long olderNext,
        boolean exhaustiveNext)
        implements MailboxState {

    /** The state before the first check. */
    public static final ImapState UNSEEN = new ImapState(null, null, null);

    /**
     * A lagging replica shows an older state of the mailbox. After this many consecutive checks of
     * an older mailbox, it counts as restored from a backup or as numbered anew.
     */
    public static final int OLDER_VIEWS = 4;

    /** A state whose next check may take every shortcut. */
    public ImapState(
            @Nullable ImapMark mark, @Nullable Position client, @Nullable Integer pending) {
        this(mark, client, pending, 0, 0, false);
    }

    /** A copy of this state whose next check must not take a shortcut. */
    ImapState withExhaustiveNext() {
        return new ImapState(mark, client, pending, olderViews, olderNext, true);
    }

    @Override
    public boolean needsExhaustiveCheck() {
        return exhaustiveNext || mark != null && mark.contradictsItself();
    }

    @Override
    public boolean sawOlderMailbox() {
        return olderViews > 0;
    }

    @Override
    public long searchFrom(@Nullable PositionUpdate update) {
        long from = mark == null ? ImapMark.NO_UID : mark.uidNext();
        if (mark != null && needsExhaustiveCheck() && !mark.gaps().isEmpty()) {
            from = mark.gaps().first();
        }
        if (client != null) {
            from = Math.min(from, uidOf(client) + 1);
        }
        if (update instanceof PositionUpdate.UpTo(String uid, Long validity, boolean rewind)) {
            from = Math.min(from, parse(uid) + 1);
        }
        if (mark != null && mark.approximate()) {
            // Without stable UIDs it only matters whether there is a position.
            return client == null && update == null ? ImapMark.NO_UID : 1;
        }
        return from;
    }

    @Override
    public Change after(
            Observation observation,
            @Nullable PositionUpdate update,
            Supplier<KnownMessages> known) {
        ImapObservation seen = (ImapObservation) observation;
        if (seen.identities() != null) {
            return ImapIdentities.after(this, seen, seen.identities(), update, known);
        }
        if (mark == null) {
            return begin(Kind.BASELINE, 0, seen, update);
        }
        if (seen.uidValidity() != mark.uidValidity()) {
            return begin(Kind.RESET, seen.arrivedSince(), seen, update);
        }
        if (olderViews > 0 && !seen.opened() && seen.found().from(mark.uidNext()).isEmpty()) {
            // Whether the mailbox is still older than the mark shows when it is opened next.
            return ignoringOlderView(mark, olderViews, olderNext, update);
        }
        if (seen.uidNext() <= mark.highestSeen()) {
            int late = saturated(seen.found().within(mark.gaps()).size());
            // UIDNEXT went down between two checks: they were answered by different replicas.
            int views = seen.uidNext() < olderNext ? 1 : olderViews + 1;
            return views < OLDER_VIEWS
                    ? ignoringOlderView(mark, views, seen.uidNext(), update)
                    : begin(Kind.RESET, Math.max(late, seen.arrivedSince()), seen, update);
        }
        return counted(mark, seen, update);
    }

    private Change counted(ImapMark before, ImapObservation seen, @Nullable PositionUpdate update) {
        Position position = update == null ? client : moved(client, update, seen);
        long beyond = position == null ? 1 : uidOf(position) + 1;
        UidSet late = seen.found().within(before.gaps());
        UidSet fresh = seen.found().from(before.uidNext()).with(late).from(beyond);
        int newCount = saturated(fresh.size());
        ImapMark next = next(before, seen);
        // After UIDNEXT went down, messages may appear in the gaps below it. After one message has
        // appeared late, others may follow.
        boolean gapsMayFill = next.uidNext() < before.uidNext() || !late.isEmpty();
        boolean passed =
                gapsMayFill
                        ? !next.gaps().isEmpty()
                        : seen.uidNextGiven() && !next.gaps().from(before.uidNext()).isEmpty();
        ImapState state = new ImapState(next, position, pendingAfter(seen, position), 0, 0, passed);
        Kind kind = newCount > 0 ? Kind.NEW : state.isRecordedAs(this) ? Kind.NOTHING : Kind.MOVED;
        return new Change(kind, newCount, before.approximate(), state, null, newest(fresh));
    }

    /**
     * The mark after a check. It moves to UIDNEXT; UIDs that the check did not find become gaps, so
     * that a message which the server shows later is still counted as new.
     */
    private static ImapMark next(ImapMark before, ImapObservation seen) {
        UidSet found = seen.found();
        long uidNext = Math.max(seen.uidNext(), found.isEmpty() ? 1 : found.last() + 1);
        if (uidNext < before.uidNext() && seen.from() > uidNext) {
            uidNext = before.uidNext();
        }
        UidSet passed =
                uidNext > before.uidNext()
                        ? new UidSet.Builder().add(before.uidNext(), uidNext - 1).build()
                        : UidSet.empty();
        return new ImapMark(
                before.uidValidity(),
                uidNext,
                seen.total(),
                seen.topUid(),
                before.gaps().with(passed).without(found).below(uidNext),
                before.approximate());
    }

    /** The check saw a mailbox older than the mark: nothing is counted, and the mark stays. */
    private Change ignoringOlderView(
            ImapMark before, int views, long uidNext, @Nullable PositionUpdate update) {
        Position position = client;
        if (update != null) {
            position =
                    moved(
                            client,
                            update,
                            new ImapObservation(
                                    before.uidValidity(),
                                    before.uidNext(),
                                    before.total(),
                                    before.topUid(),
                                    before.uidNext(),
                                    UidSet.empty(),
                                    0));
        }
        boolean moves = !Objects.equals(position, client);
        // The next check that sees a mailbox not older than the mark counts the pending messages.
        ImapState state =
                new ImapState(
                        before, position, moves ? null : pending, views, uidNext, exhaustiveNext);
        return new Change(
                moves ? Kind.MOVED : Kind.NOTHING, 0, before.approximate(), state, null, List.of());
    }

    /** Whether the stored parts of both states are equal. */
    boolean isRecordedAs(ImapState other) {
        return Objects.equals(mark, other.mark)
                && Objects.equals(client, other.client)
                && Objects.equals(pending, other.pending);
    }

    /** Begins to count the mailbox anew. A position under another UIDVALIDITY is dropped. */
    private Change begin(
            Kind kind, int arrived, ImapObservation seen, @Nullable PositionUpdate update) {
        if (kind == Kind.RESET
                && update instanceof PositionUpdate.UpTo upTo
                && upTo.uidValidity() == null) {
            throw otherValidity(seen.uidValidity());
        }
        Position position = update == null ? null : moved(null, update, seen);
        // UIDs between the last message and UIDNEXT: a server whose UIDNEXT is too high assigns
        // them later.
        boolean unused = seen.topUid() > 0 && seen.uidNext() > seen.topUid() + 1;
        ImapMark next =
                new ImapMark(
                        seen.uidValidity(),
                        seen.uidNext(),
                        seen.total(),
                        seen.topUid(),
                        unused
                                ? new UidSet.Builder()
                                        .add(seen.topUid() + 1, seen.uidNext() - 1)
                                        .build()
                                : UidSet.empty(),
                        false);
        Integer left =
                position == null
                        ? null
                        : (Integer) saturated(seen.found().countFrom(uidOf(position) + 1));
        return new Change(
                kind,
                arrived,
                kind == Kind.RESET,
                new ImapState(next, position, left),
                null,
                List.of());
    }

    private static Position moved(
            @Nullable Position before, PositionUpdate update, ImapObservation seen) {
        return switch (update) {
            case PositionUpdate.First first ->
                    throw new IllegalArgumentException("no position by UID: " + first);
            case PositionUpdate.All() ->
                    new Position(
                            seen.total(), Long.toString(seen.highestSeen()), seen.uidValidity());
            case PositionUpdate.UpTo(String text, Long validity, boolean rewind) -> {
                long uid = parse(text);
                if (validity != null && validity != seen.uidValidity()) {
                    throw otherValidity(seen.uidValidity());
                }
                if (uid >= seen.uidNext()) {
                    throw new PositionRefusedException(
                            Reason.UNKNOWN_UID,
                            "the mailbox has no UID "
                                    + uid
                                    + " yet: its next one is "
                                    + seen.uidNext());
                }
                if (before != null && uid <= uidOf(before) && !rewind) {
                    yield before;
                }
                int above = saturated(seen.found().countFrom(uid + 1));
                yield new Position(
                        Math.max(0, seen.total() - above), Long.toString(uid), seen.uidValidity());
            }
        };
    }

    private @Nullable Integer pendingAfter(ImapObservation seen, @Nullable Position position) {
        if (position == null) {
            return null;
        }
        long from = uidOf(position) + 1;
        // A check that found no change does not search below the mark; the pending count stays.
        return seen.from() <= from ? (Integer) saturated(seen.found().countFrom(from)) : pending;
    }

    private static List<Long> newest(UidSet fresh) {
        return LongStream.of(fresh.newest(Change.NEWEST)).boxed().toList();
    }

    private static long uidOf(Position position) {
        return position.uid() == null ? 0 : Long.parseLong(position.uid());
    }

    static long parse(String uid) {
        try {
            long value = Long.parseLong(uid);
            if (value >= 1 && value < ImapMark.NO_UID) {
                return value;
            }
        } catch (NumberFormatException notDecimal) {
            // Reported below, together with numbers out of range.
        }
        throw new PositionRefusedException(
                Reason.UNKNOWN_UID,
                "not an IMAP UID (a decimal number from 1 on): \"" + uid + "\"");
    }

    static PositionRefusedException otherValidity(long current) {
        return new PositionRefusedException(
                Reason.OTHER_UIDVALIDITY,
                "the mailbox's UIDVALIDITY is "
                        + current
                        + ": fetch the mailbox anew and give a position in it");
    }

    private static int saturated(long count) {
        return (int) Math.min(Integer.MAX_VALUE, count);
    }
}
