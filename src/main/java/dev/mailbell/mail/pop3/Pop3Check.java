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
 * Checks a maildrop with as few octets as are needed to prove the result.
 *
 * <p>RFC 1939 guarantees no order of messages, and an equal number proves nothing, because as many
 * messages may have been deleted as arrived. So the shortcuts compare the first and the last UID
 * and the octets of the maildrop with the mark, and if one of them differs, the whole maildrop is
 * listed. It is also listed after an answer that is missing, refused or malformed, and the next
 * checks begin with the listing then.
 *
 * <p>UIDL is optional. Without it the key of a message is made from its size, so a new message is
 * missed if one of the same size was deleted, unless it is the last one, whose Message-ID the mark
 * keeps instead of its UID. Such marks and counts are approximate.
 */
final class Pop3Check {
    /** The maximum length of a tail with pipelining; for a longer one the maildrop is listed. */
    private static final int TAIL_PIPELINED = 64;

    /** The maximum length of a tail without pipelining, at two round trips a message. */
    private static final int TAIL_ONE_BY_ONE = 8;

    private final Pop3Wire wire;
    private final Capabilities capabilities;
    private final AccountProofs proofs;
    private final ServerQuirks quirks;
    private final Duration patience;
    private final Listings listings;
    private final MessageHeaders headers;
    private final MaildropListing listing;
    private Proof proof = Proof.LISTING;
    private boolean inShortcut;
    private boolean isUnsound;
    private boolean answersLate;

    /** The result of comparing the answer to {@code UIDL n} with the mark. */
    private enum Answer {
        SAME,
        OTHER,
        UNSOUND
    }

    /**
     * @param patience how long a server may be silent before the next more expensive proof is tried
     */
    Pop3Check(
            Pop3Wire wire,
            Capabilities capabilities,
            AccountProofs proofs,
            ServerQuirks quirks,
            Duration patience) {
        this.wire = wire;
        this.quirks = quirks;
        this.capabilities = capabilities;
        this.proofs = proofs;
        this.patience = patience;
        this.listings = new Listings(wire);
        this.headers = new MessageHeaders(wire, capabilities, quirks);
        this.listing = new MaildropListing(wire, capabilities, listings, headers, proofs, patience);
    }

    /** The maximum number of messages that are requested one by one. */
    static int tailLimit(Capabilities capabilities) {
        return capabilities.pipelining() ? TAIL_PIPELINED : TAIL_ONE_BY_ONE;
    }

    /** The proof that the result used. */
    Proof proof() {
        return proof;
    }

    /** Whether a failure may be caused by a shortcut, which was running or had invalid answers. */
    boolean hasFailedInShortcut() {
        return inShortcut || isUnsound;
    }

    /**
     * @param thorough whether STAT is verified by UIDL even if it is unchanged
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
        ApproximateCheck check =
                new ApproximateCheck(wire, capabilities, listings, headers, quirks, thorough);
        Optional<Pop3Observation> seen = check.observe(mark);
        if (seen.isEmpty()) {
            return full(mark, check.drop());
        }
        proof = mark.basis() == Basis.HEADERS ? Proof.HEADERS : Proof.SIZES;
        return seen.get();
    }

    private Pop3Observation unchanged() {
        endShortcut(Proof.ENDS);
        return new Pop3Observation.Unchanged();
    }

    /** Checks a maildrop that was empty. */
    private Pop3Observation empty(Pop3Mark mark, boolean thorough) {
        CommandBatch batch = thorough ? batch("STAT", "UIDL 1") : batch("STAT");
        Drop drop = listings.drop(batch.next());
        if (drop == null) {
            batch.abandon();
            return unsound(mark, Proof.ENDS, "answered STAT without numbers", null);
        }
        if (drop.total() > 0) {
            batch.abandon();
        } else if (thorough && hasMoreThanStat(batch, 1)) {
            return full(mark, null);
        }
        return drop.total() == 0 && drop.octets() == mark.octets() ? unchanged() : full(mark, drop);
    }

    /**
     * Whether the server has a message after the last one that STAT counts. The message may just
     * have arrived, so the listing sends STAT again. If the session is lost here, the answers
     * before are still valid.
     */
    private boolean hasMoreThanStat(CommandBatch batch, int number) {
        try {
            Uid uid = Listings.uid(batch.nextStatus());
            return uid != null && uid.number() == number;
        } catch (MailFailure failure) {
            quirks.failsBeyondLast();
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
        CommandBatch batch = batch(commands.toArray(String[]::new));
        Drop drop = listings.drop(batch.next());
        if (drop == null) {
            batch.abandon();
            return unsound(mark, Proof.ENDS, "answered STAT without numbers", null);
        }
        boolean possible =
                drop.total() > top && drop.octets() >= mark.octets()
                        || drop.total() == top && drop.octets() == mark.octets();
        if (!possible) {
            batch.abandon();
            return full(mark, drop);
        }
        Answer atTop = ask(batch, top, mark.topUid());
        Answer atFirst = top == 1 || answersLate ? atTop : ask(batch, 1, mark.firstUid());
        if (drop.total() > top && !answersLate) {
            batch.abandon();
        }
        boolean hasMoreThanStat =
                drop.total() == top && thorough && !answersLate && hasMoreThanStat(batch, top + 1);
        if (atTop == Answer.UNSOUND || atFirst == Answer.UNSOUND) {
            int number = atTop == Answer.UNSOUND ? top : 1;
            String what = "did not answer UIDL " + number + " with the UID of that message";
            return unsound(mark, Proof.ENDS, what, drop);
        }
        if (atTop == Answer.OTHER || atFirst == Answer.OTHER) {
            return full(mark, drop);
        }
        if (hasMoreThanStat) {
            return full(mark, null);
        }
        return drop.total() == top ? unchanged() : tail(mark, drop);
    }

    private Answer ask(CommandBatch batch, int number, @Nullable String uid) {
        Uid at = Listings.uid(batch.nextStatus());
        if (at == null) {
            return Answer.UNSOUND;
        }
        if (at.number() != number) {
            // Answers and commands are out of step.
            answersLate = true;
            return Answer.UNSOUND;
        }
        return at.text().equals(uid) ? Answer.SAME : Answer.OTHER;
    }

    /** There are more messages than before, and the old ones seem to be unchanged. */
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
        CommandBatch batch = batch(commands);
        long[] keys = new long[count];
        int[] sizes = new int[count];
        long octets = mark.octets();
        String top = null;
        for (int i = 0; i < count; i++) {
            Uid uid = Listings.uid(batch.nextStatus());
            long size = Listings.size(batch.nextStatus(), numbers[i]);
            octets += Math.max(0, size);
            if (uid == null || uid.number() != numbers[i] || size < 0) {
                answersLate = uid != null && uid.number() != numbers[i];
                if (!answersLate) {
                    batch.abandon();
                }
                String what = "did not answer UIDL and LIST " + numbers[i] + " for that message";
                return unsound(mark, Proof.TAIL, what, drop);
            }
            if (octets > drop.octets()) {
                batch.abandon();
                return full(mark, drop);
            }
            keys[i] = listings.key(uid.text());
            sizes[i] = (int) Math.min(size, Integer.MAX_VALUE);
            top = uid.text();
        }
        // Some servers count octets differently in STAT and LIST, so that there is no proof.
        if (octets != drop.octets()) {
            return full(mark, drop);
        }
        endShortcut(Proof.TAIL);
        return new Pop3Observation.Tail(
                new Pop3Mark(drop.total(), drop.octets(), mark.firstUid(), top, false),
                new MessageListing(numbers, keys, sizes));
    }

    /** Continues with the listing after an answer that was missing, refused or malformed. */
    private Pop3Observation unsound(Pop3Mark mark, Proof failed, String what, @Nullable Drop drop) {
        proofs.failed(failed, what);
        isUnsound = true;
        return full(mark, drop);
    }

    private void endShortcut(Proof proof) {
        inShortcut = false;
        this.proof = proof;
        wire.socket().setSoTimeout(0);
    }

    private Pop3Observation full(@Nullable Pop3Mark mark, @Nullable Drop drop) {
        endShortcut(Proof.LISTING);
        // If the dialogue is out of step, the expected answer may never arrive.
        wire.socket().setSoTimeout(isUnsound ? (int) patience.toMillis() : 0);
        Pop3Observation seen = listing.list(mark, drop, answersLate);
        endShortcut(listing.proof());
        isUnsound = false;
        answersLate = false;
        return seen;
    }

    private CommandBatch batch(String... commands) {
        return new CommandBatch(wire, capabilities.pipelining(), commands);
    }
}
