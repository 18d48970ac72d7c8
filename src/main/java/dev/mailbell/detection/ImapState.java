package dev.mailbell.detection;

import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.PositionRefusedException.Reason;
import dev.mailbell.detection.messages.KnownMessages;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an IMAP mailbox. UIDs ascend strictly (RFC 9051, section 2.3.1.1), so a bound
 * and the gaps below it say which messages were seen.
 *
 * @param olderViews how many looks in a row have seen a mailbox older than the mark; only in memory
 * @param olderNext UIDNEXT of the last of them
 * @param openGaps whether the last look passed UIDs that it did not find, or did not notice many
 *     messages that went, so that the next one searches or lists once more; only in memory
 */
public record ImapState(
        @Nullable ImapMark mark,
        @Nullable Position client,
        @Nullable Integer pending,
        int olderViews,
        long olderNext,
        boolean openGaps)
        implements MailboxState {

    /** Nothing is known yet. */
    public static final ImapState UNSEEN = new ImapState(null, null, null);

    /**
     * A replica that lags shows the mailbox as it was. So many looks in a row that see it older
     * than the mark are a mailbox that was restored, or whose UIDs began anew.
     */
    public static final int OLDER_VIEWS = 4;

    /** A state that leaves nothing open. */
    public ImapState(
            @Nullable ImapMark mark, @Nullable Position client, @Nullable Integer pending) {
        this(mark, client, pending, 0, 0, false);
    }

    /** The same state, whose next look takes no shortcut. */
    ImapState opened() {
        return new ImapState(mark, client, pending, olderViews, olderNext, true);
    }

    @Override
    public boolean isOpen() {
        return openGaps || mark != null && mark.contradictsItself();
    }

    @Override
    public boolean waitsOut() {
        return olderViews > 0;
    }

    @Override
    public long searchFrom(@Nullable PositionUpdate update) {
        long from = mark == null ? ImapMark.NO_UID : mark.uidNext();
        if (mark != null && isOpen() && !mark.gaps().isEmpty()) {
            from = mark.gaps().first();
        }
        if (client != null) {
            from = Math.min(from, uidOf(client) + 1);
        }
        if (update instanceof PositionUpdate.UpTo(String uid, Long validity, boolean rewind)) {
            from = Math.min(from, parse(uid) + 1);
        }
        if (mark != null && mark.approximate()) {
            // Where UIDs do not last, only whether a position is counted matters.
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
        if (seen.uidNext() <= mark.highestSeen()) {
            int late = saturated(seen.found().within(mark.gaps()).size());
            // Views of several moments are of several replicas: they must not go back in time.
            int views = seen.uidNext() < olderNext ? 1 : olderViews + 1;
            return views < OLDER_VIEWS
                    ? waitingOut(mark, views, seen.uidNext(), update)
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
        // A UIDNEXT that was taken back says nothing of the gaps below the new one. And where one
        // message has appeared late, others may.
        boolean doubtful = next.uidNext() < before.uidNext() || !late.isEmpty();
        boolean passed =
                doubtful
                        ? !next.gaps().isEmpty()
                        : seen.uidNextTold() && !next.gaps().from(before.uidNext()).isEmpty();
        ImapState state = new ImapState(next, position, pendingAfter(seen, position), 0, 0, passed);
        Kind kind = newCount > 0 ? Kind.NEW : state.isRecordedAs(this) ? Kind.NOTHING : Kind.MOVED;
        return new Change(kind, newCount, before.approximate(), state, null, newest(fresh));
    }

    /**
     * The mark after a look. It moves to UIDNEXT; what the look did not find on the way stays a
     * gap, so that a message which the server shows later is still new.
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

    /** The look saw less than the mark has: nothing is counted and nothing is forgotten. */
    private Change waitingOut(
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
        // What is pending is counted by the next look that sees the mailbox as it is.
        ImapState state =
                new ImapState(before, position, moves ? null : pending, views, uidNext, openGaps);
        return new Change(
                moves ? Kind.MOVED : Kind.NOTHING, 0, before.approximate(), state, null, List.of());
    }

    /** Whether what is stored of both states is the same. */
    boolean isRecordedAs(ImapState other) {
        return Objects.equals(mark, other.mark)
                && Objects.equals(client, other.client)
                && Objects.equals(pending, other.pending);
    }

    /**
     * A mailbox that is counted from here on. Positions in an older UIDVALIDITY have lost their
     * meaning.
     */
    private Change begin(
            Kind kind, int arrived, ImapObservation seen, @Nullable PositionUpdate update) {
        if (kind == Kind.RESET
                && update instanceof PositionUpdate.UpTo upTo
                && upTo.uidValidity() == null) {
            throw otherValidity(seen.uidValidity());
        }
        Position position = update == null ? null : moved(null, update, seen);
        // UIDs that are given and not there: a server whose UIDNEXT is too high gives them later.
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
                            seen.total(), Long.toString(seen.uidNext() - 1), seen.uidValidity());
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
        // A look that saw nothing change does not search below the mark: what was pending still is.
        return seen.from() <= from ? (Integer) saturated(seen.found().countFrom(from)) : pending;
    }

    private static List<Long> newest(UidSet fresh) {
        List<Long> uids = new ArrayList<>();
        for (long uid : fresh.newest(Change.NEWEST)) {
            uids.add(uid);
        }
        return uids;
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
            // Told below, together with numbers out of range.
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
