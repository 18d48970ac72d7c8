package dev.mailbell.mail.pop3;

import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Mark.Basis;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.messages.MessageListing;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.pop3.Listings.Drop;
import dev.mailbell.mail.pop3.Listings.Uid;
import dev.mailbell.mail.pop3.login.ServerQuirks;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.CommandBatch;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a maildrop with as few octets as prove the result.
 *
 * <p>RFC 1939 promises no order of messages, and equal numbers prove nothing: as many may have been
 * deleted as came. So the shortcuts ask for the UIDs at both ends and for the octets of the
 * maildrop, and when one of them is not as the mark has it, the whole maildrop is listed. An answer
 * that is missing, refused or malformed leads there too, and the host's next looks begin there.
 *
 * <p>Servers without UIDL (it is optional): the key of a message is made from its size, so that one
 * that came hides behind one of the same size that went, unless it is the last one, whose
 * Message-ID the mark keeps in the place of its UID. Such marks and counts are approximate.
 */
final class Pop3Check {
    /** A tail longer than this is listed in full: that takes one answer instead of many. */
    private static final int TAIL_PIPELINED = 64;

    /** Two round trips a message are worth it only for few. */
    private static final int TAIL_ONE_BY_ONE = 8;

    private final Pop3Wire wire;
    private final Capabilities capabilities;
    private final AccountProofs proofs;
    private final ServerQuirks habits;
    private final Duration patience;
    private final Listings listings;
    private final MessageHeaders headers;
    private final MaildropListing listing;
    private Proof rung = Proof.LISTING;
    private boolean inShortcut;
    private boolean isUnsound;
    private boolean late;

    /** What the answer to {@code UIDL n} says about one message of the mark. */
    private enum Answer {
        SAME,
        OTHER,
        UNSOUND
    }

    /**
     * @param patience for how long a server may be silent before the next dearer proof is tried
     */
    Pop3Check(
            Pop3Wire wire,
            Capabilities capabilities,
            AccountProofs proofs,
            ServerQuirks habits,
            Duration patience) {
        this.wire = wire;
        this.habits = habits;
        this.capabilities = capabilities;
        this.proofs = proofs;
        this.patience = patience;
        this.listings = new Listings(wire);
        this.headers = new MessageHeaders(wire, capabilities, habits);
        this.listing = new MaildropListing(wire, capabilities, listings, headers, proofs, patience);
    }

    /** How many messages are asked for one by one at most. */
    static int tailLimit(Capabilities capabilities) {
        return capabilities.pipelining() ? TAIL_PIPELINED : TAIL_ONE_BY_ONE;
    }

    /** The proof that the result rests on. */
    Proof rung() {
        return rung;
    }

    /** Whether a failure may be due to a shortcut: it was under way, or its answers unsound. */
    boolean hasFailedInShortcut() {
        return inShortcut || isUnsound;
    }

    /**
     * @param thorough whether what STAT says is held against UIDL, even where nothing seems to have
     *     happened
     */
    Pop3Observation observe(@Nullable Pop3Mark mark, boolean exhaustive, boolean thorough) {
        if (mark == null || exhaustive || !mark.provesNothingNew()) {
            return full(mark, null);
        }
        if (mark.approximate()) {
            return approximate(mark, thorough);
        }
        if (!proofs.trusts(Proof.ENDS)) {
            return full(mark, null);
        }
        inShortcut = true;
        wire.socket().setSoTimeout((int) patience.toMillis());
        return mark.total() == 0 ? empty(mark, thorough) : shortcut(mark, thorough);
    }

    private Pop3Observation approximate(Pop3Mark mark, boolean thorough) {
        ApproximateCheck look =
                new ApproximateCheck(wire, capabilities, listings, headers, habits, thorough);
        Optional<Pop3Observation> seen = look.observe(mark);
        if (seen.isEmpty()) {
            return full(mark, look.drop());
        }
        rung = mark.basis() == Basis.HEADERS ? Proof.HEADERS : Proof.SIZES;
        return seen.get();
    }

    private Pop3Observation unchanged() {
        shortcutEnds(Proof.ENDS);
        return new Pop3Observation.Unchanged();
    }

    /** The mark is of an empty maildrop. */
    private Pop3Observation empty(Pop3Mark mark, boolean thorough) {
        CommandBatch flight = thorough ? flight("STAT", "UIDL 1") : flight("STAT");
        Drop drop = listings.drop(flight.next());
        if (drop == null) {
            flight.abandon();
            return unsound(mark, Proof.ENDS, "answered STAT without numbers", null);
        }
        if (drop.total() > 0) {
            flight.abandon();
        } else if (thorough && isBehind(flight, 1)) {
            return full(mark, null);
        }
        return drop.total() == 0 && drop.octets() == mark.octets() ? unchanged() : full(mark, drop);
    }

    /**
     * Whether the server has the message behind the last one, though STAT does not count it. The
     * message may just have come: the listing asks STAT once more. Where the session is lost at
     * this question, the answers before it still hold.
     */
    private boolean isBehind(CommandBatch flight, int number) {
        try {
            Uid uid = Listings.uid(flight.nextStatus());
            return uid != null && uid.number() == number;
        } catch (MailFailure failure) {
            habits.failsBehindTheLast();
            return false;
        }
    }

    private Pop3Observation shortcut(Pop3Mark mark, boolean thorough) {
        int top = mark.total();
        List<String> commands = new ArrayList<>(List.of("STAT", "UIDL " + top));
        if (top > 1) {
            commands.add("UIDL 1");
        }
        if (thorough) {
            commands.add("UIDL " + (top + 1));
        }
        CommandBatch flight = flight(commands.toArray(String[]::new));
        Drop drop = listings.drop(flight.next());
        if (drop == null) {
            flight.abandon();
            return unsound(mark, Proof.ENDS, "answered STAT without numbers", null);
        }
        boolean possible =
                drop.total() > top && drop.octets() >= mark.octets()
                        || drop.total() == top && drop.octets() == mark.octets();
        if (!possible) {
            flight.abandon();
            return full(mark, drop);
        }
        Answer atTop = ask(flight, top, mark.topUid());
        Answer atFirst = top == 1 || late ? atTop : ask(flight, 1, mark.firstUid());
        if (drop.total() > top && !late) {
            flight.abandon();
        }
        boolean isBehind = drop.total() == top && thorough && !late && isBehind(flight, top + 1);
        if (atTop == Answer.UNSOUND || atFirst == Answer.UNSOUND) {
            int number = atTop == Answer.UNSOUND ? top : 1;
            String what = "did not answer UIDL " + number + " with the UID of that message";
            return unsound(mark, Proof.ENDS, what, drop);
        }
        if (atTop == Answer.OTHER || atFirst == Answer.OTHER) {
            return full(mark, drop);
        }
        if (isBehind) {
            return full(mark, null);
        }
        return drop.total() == top ? unchanged() : tail(mark, drop);
    }

    private Answer ask(CommandBatch flight, int number, @Nullable String uid) {
        Uid at = Listings.uid(flight.nextStatus());
        if (at == null) {
            return Answer.UNSOUND;
        }
        if (at.number() != number) {
            // Which answer belongs to which command is no longer known.
            late = true;
            return Answer.UNSOUND;
        }
        return at.text().equals(uid) ? Answer.SAME : Answer.OTHER;
    }

    /** More messages than before, and the old ones seem to be where they were. */
    private Pop3Observation tail(Pop3Mark mark, Drop drop) {
        int count = drop.total() - mark.total();
        if (count > tailLimit(capabilities) || !proofs.trusts(Proof.TAIL)) {
            return full(mark, drop);
        }
        String[] commands = new String[2 * count];
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = mark.total() + 1 + i;
            commands[2 * i] = "UIDL " + numbers[i];
            commands[2 * i + 1] = "LIST " + numbers[i];
        }
        CommandBatch flight = flight(commands);
        long[] keys = new long[count];
        int[] sizes = new int[count];
        long octets = mark.octets();
        String top = null;
        for (int i = 0; i < count; i++) {
            Uid uid = Listings.uid(flight.nextStatus());
            long size = Listings.size(flight.nextStatus(), numbers[i]);
            octets += Math.max(0, size);
            if (uid == null || uid.number() != numbers[i] || size < 0) {
                late = uid != null && uid.number() != numbers[i];
                if (!late) {
                    flight.abandon();
                }
                String what = "did not answer UIDL and LIST " + numbers[i] + " for that message";
                return unsound(mark, Proof.TAIL, what, drop);
            }
            if (octets > drop.octets()) {
                flight.abandon();
                return full(mark, drop);
            }
            keys[i] = listings.key(uid.text());
            sizes[i] = (int) Math.min(size, Integer.MAX_VALUE);
            top = uid.text();
        }
        // Some servers count octets differently in STAT and LIST: no proof then.
        if (octets != drop.octets()) {
            return full(mark, drop);
        }
        shortcutEnds(Proof.TAIL);
        return new Pop3Observation.Tail(
                new Pop3Mark(drop.total(), drop.octets(), mark.firstUid(), top, false),
                new MessageListing(numbers, keys, sizes));
    }

    /** One rung down: the answer was missing, refused or malformed. */
    private Pop3Observation unsound(Pop3Mark mark, Proof lost, String what, @Nullable Drop drop) {
        proofs.lost(lost, what);
        isUnsound = true;
        return full(mark, drop);
    }

    private void shortcutEnds(Proof proof) {
        inShortcut = false;
        rung = proof;
        wire.socket().setSoTimeout(0);
    }

    private Pop3Observation full(@Nullable Pop3Mark mark, @Nullable Drop drop) {
        shortcutEnds(Proof.LISTING);
        // Out of step, the dialogue may wait for an answer that was given before.
        wire.socket().setSoTimeout(isUnsound ? (int) patience.toMillis() : 0);
        Pop3Observation seen = listing.list(mark, drop, late);
        shortcutEnds(listing.rung());
        isUnsound = false;
        late = false;
        return seen;
    }

    private CommandBatch flight(String... commands) {
        return new CommandBatch(wire, capabilities.pipelining(), commands);
    }
}
