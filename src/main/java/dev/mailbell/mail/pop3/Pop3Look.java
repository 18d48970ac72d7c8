package dev.mailbell.mail.pop3;

import dev.mailbell.mail.pop3.Listings.Drop;
import dev.mailbell.mail.pop3.Listings.Uid;
import dev.mailbell.mail.pop3.Listings.Uids;
import dev.mailbell.mark.Pop3Mark;
import dev.mailbell.mark.Pop3Observation;
import dev.mailbell.mark.Pop3Observation.Listing;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a maildrop with as few octets as prove the result.
 *
 * <p>RFC 1939 promises no order of messages, and equal numbers prove nothing: as many may have been
 * deleted as came. So the shortcuts ask for the UIDs at both ends and for the octets of the
 * maildrop, and when one of them is not as the mark has it, the whole maildrop is listed.
 *
 * <p>Servers without UIDL (it is optional): the key of a message is made from its size, so that one
 * that came hides behind one of the same size that went, unless it is the last one, whose
 * Message-ID the mark keeps in the place of its UID. Such marks and counts are approximate.
 */
final class Pop3Look {
    /** A tail longer than this is listed in full: that takes one answer instead of many. */
    private static final int TAIL_PIPELINED = 64;

    /** Two round trips a message are worth it only for few. */
    private static final int TAIL_ONE_BY_ONE = 8;

    private final Pop3Wire wire;
    private final Capabilities capabilities;
    private final Listings listings;

    Pop3Look(Pop3Wire wire, Capabilities capabilities) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.listings = new Listings(wire);
    }

    Pop3Observation observe(@Nullable Pop3Mark mark, boolean exhaustive) {
        if (mark == null || exhaustive) {
            return full(mark, null);
        }
        if (mark.approximate()) {
            return approximate(mark);
        }
        return mark.total() == 0 ? empty(mark) : shortcut(mark);
    }

    /** The mark is of an empty maildrop. */
    private Pop3Observation empty(Pop3Mark mark) {
        Drop drop = listings.drop(flight("STAT").next());
        return drop.total() == 0 && drop.octets() == mark.octets()
                ? new Pop3Observation.Unchanged()
                : full(mark, drop);
    }

    private Pop3Observation approximate(Pop3Mark mark) {
        Flight flight = flight("STAT", "UIDL 1");
        Drop drop = listings.drop(flight.next());
        // A server may have learnt UIDL since.
        boolean exact = Listings.uid(flight.next()) != null;
        return !exact
                        && drop.total() == mark.total()
                        && drop.octets() == mark.octets()
                        && Objects.equals(topMessageId(drop.total()), mark.topUid())
                ? new Pop3Observation.Unchanged()
                : full(mark, drop);
    }

    private Pop3Observation shortcut(Pop3Mark mark) {
        Flight flight =
                mark.total() == 1
                        ? flight("STAT", "UIDL 1")
                        : flight("STAT", "UIDL " + mark.total(), "UIDL 1");
        Drop drop = listings.drop(flight.next());
        boolean possible =
                drop.total() > mark.total() && drop.octets() >= mark.octets()
                        || drop.total() == mark.total() && drop.octets() == mark.octets();
        if (!possible) {
            flight.abandon();
            return full(mark, drop);
        }
        boolean same = isAt(flight.next(), mark.total(), mark.topUid());
        if (mark.total() > 1) {
            same &= isAt(flight.next(), 1, mark.firstUid());
        }
        if (!same) {
            return full(mark, drop);
        }
        return drop.total() == mark.total() ? new Pop3Observation.Unchanged() : tail(mark, drop);
    }

    private static boolean isAt(Reply reply, int number, @Nullable String uid) {
        Uid at = Listings.uid(reply);
        return at != null && at.number() == number && at.text().equals(uid);
    }

    /** More messages than before, and the old ones seem to be where they were. */
    private Pop3Observation tail(Pop3Mark mark, Drop drop) {
        int count = drop.total() - mark.total();
        if (count > (capabilities.pipelining() ? TAIL_PIPELINED : TAIL_ONE_BY_ONE)) {
            return full(mark, drop);
        }
        String[] commands = new String[2 * count];
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = mark.total() + 1 + i;
            commands[2 * i] = "UIDL " + numbers[i];
            commands[2 * i + 1] = "LIST " + numbers[i];
        }
        Flight flight = flight(commands);
        long[] keys = new long[count];
        int[] sizes = new int[count];
        long octets = mark.octets();
        String top = null;
        for (int i = 0; i < count; i++) {
            Uid uid = Listings.uid(flight.next());
            long size = Listings.size(flight.next(), numbers[i]);
            octets += Math.max(0, size);
            if (uid == null || uid.number() != numbers[i] || size < 0 || octets > drop.octets()) {
                flight.abandon();
                return full(mark, drop);
            }
            keys[i] = listings.key(uid.text());
            sizes[i] = clamped(size);
            top = uid.text();
        }
        // Some servers count octets differently in STAT and LIST: no proof then.
        if (octets != drop.octets()) {
            return full(mark, drop);
        }
        return new Pop3Observation.Tail(
                new Pop3Mark(drop.total(), drop.octets(), mark.firstUid(), top, false),
                new Listing(numbers, keys, sizes));
    }

    /**
     * Lists everything.
     *
     * @param drop what STAT said in this session; null to ask
     */
    private Pop3Observation full(@Nullable Pop3Mark mark, @Nullable Drop drop) {
        Flight flight = drop == null ? flight("STAT", "UIDL", "LIST") : flight("UIDL", "LIST");
        Drop known = drop == null ? listings.drop(flight.next()) : drop;
        Reply uidl = flight.next();
        Uids uids = uidl.ok() ? listings.uids() : withoutUidl(mark, known, uidl);
        Reply list = flight.next();
        if (!list.ok() && known.total() > 0) {
            throw wire.broken(Refusals.ofCommand(list, "LIST"));
        }
        Column sizes = list.ok() ? listings.sizes() : new Column();
        Column keys = uids == null ? sizeKeys(sizes) : uids.keys();
        if (sizes.size() != known.total() || !sizes.sameNumbers(keys)) {
            throw wire.protocolError(
                    "contradicts itself: STAT counts %d messages, UIDL %d, LIST %d"
                            .formatted(known.total(), keys.size(), sizes.size()));
        }
        Pop3Mark next =
                new Pop3Mark(
                        known.total(),
                        known.octets(),
                        uids == null ? null : uids.first(),
                        uids == null ? topMessageId(known.total()) : uids.top(),
                        uids == null);
        int[] octets = new int[sizes.size()];
        long[] values = sizes.values();
        for (int i = 0; i < octets.length; i++) {
            octets[i] = clamped(values[i]);
        }
        return new Pop3Observation.Full(next, new Listing(sizes.numbers(), keys.values(), octets));
    }

    private @Nullable String topMessageId(int total) {
        return total == 0
                ? null
                : new Pop3Envelopes(wire, capabilities.pipelining()).messageId(total).orElse(null);
    }

    /**
     * What a refused UIDL means: an empty listing where there is nothing to list; null for a server
     * that has none; else a failure, because a server that has UIDL on other days would look as if
     * all its messages were new.
     */
    private @Nullable Uids withoutUidl(@Nullable Pop3Mark mark, Drop drop, Reply uidl) {
        if (drop.total() == 0) {
            return new Uids(new Column(), null, null);
        }
        boolean hadUids = mark != null && mark.total() > 0 && !mark.approximate();
        if (hadUids || capabilities.has("UIDL") || !uidl.code().isEmpty()) {
            throw wire.broken(Refusals.ofCommand(uidl, "UIDL"));
        }
        return null;
    }

    private Column sizeKeys(Column sizes) {
        Column keys = new Column();
        int[] numbers = sizes.numbers();
        long[] values = sizes.values();
        for (int i = 0; i < numbers.length; i++) {
            keys.add(numbers[i], listings.key("size:" + values[i]));
        }
        return keys;
    }

    /** A size of 2 GiB or more, which no mail has, is kept as the largest that fits. */
    private static int clamped(long size) {
        return (int) Math.min(size, Integer.MAX_VALUE);
    }

    private Flight flight(String... commands) {
        return new Flight(wire, capabilities.pipelining(), commands);
    }
}
