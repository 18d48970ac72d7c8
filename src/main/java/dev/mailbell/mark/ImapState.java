package dev.mailbell.mark;

import dev.mailbell.mark.Change.Kind;
import dev.mailbell.mark.PositionRefusedException.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an IMAP mailbox. UIDs ascend strictly (RFC 9051, section 2.3.1.1), so bounds say
 * everything.
 */
public record ImapState(
        @Nullable ImapMark mark, @Nullable Position client, @Nullable Integer pending)
        implements MailboxState {

    /** Nothing is known yet. */
    public static final ImapState UNSEEN = new ImapState(null, null, null);

    @Override
    public long searchFrom(@Nullable PositionUpdate update) {
        long from = mark == null ? ImapMark.UID_LIMIT : mark.uidNext();
        if (client != null) {
            from = Math.min(from, uidOf(client) + 1);
        }
        if (update instanceof PositionUpdate.UpTo(String uid, Long validity, boolean rewind)) {
            from = Math.min(from, parse(uid) + 1);
        }
        return from;
    }

    @Override
    public Change after(
            Observation observation,
            @Nullable PositionUpdate update,
            Supplier<KnownMessages> known) {
        ImapObservation seen = (ImapObservation) observation;
        if (mark == null) {
            return begin(Kind.BASELINE, 0, seen, update);
        }
        if (seen.uidValidity() != mark.uidValidity() || seen.uidNext() < mark.uidNext()) {
            return begin(Kind.RESET, seen.arrivedSince(), seen, update);
        }
        Position position = update == null ? client : moved(client, update, seen);
        long from = Math.max(mark.uidNext(), position == null ? 1 : uidOf(position) + 1);
        int newCount = saturated(seen.found().countFrom(from));
        long uidNext =
                Math.max(seen.uidNext(), seen.found().isEmpty() ? 1 : seen.found().last() + 1);
        ImapState next =
                new ImapState(
                        new ImapMark(mark.uidValidity(), uidNext, seen.total(), seen.topUid()),
                        position,
                        pendingAfter(seen, position));
        Kind kind = newCount > 0 ? Kind.NEW : next.equals(this) ? Kind.NOTHING : Kind.MOVED;
        return new Change(kind, newCount, false, next, null, newest(seen.found().from(from)));
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
        ImapMark next =
                new ImapMark(seen.uidValidity(), seen.uidNext(), seen.total(), seen.topUid());
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

    private static long parse(String uid) {
        try {
            long value = Long.parseLong(uid);
            if (value >= 1 && value < ImapMark.UID_LIMIT) {
                return value;
            }
        } catch (NumberFormatException notDecimal) {
            // Told below, together with numbers out of range.
        }
        throw new PositionRefusedException(
                Reason.UNKNOWN_UID,
                "not an IMAP UID (1 to 4294967295 in decimal): \"" + uid + "\"");
    }

    private static PositionRefusedException otherValidity(long current) {
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
