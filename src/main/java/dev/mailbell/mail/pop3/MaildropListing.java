package dev.mailbell.mail.pop3;

import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Observation.Full;
import dev.mailbell.detection.messages.MessageListing;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.pop3.Listings.Drop;
import dev.mailbell.mail.pop3.Listings.Sizes;
import dev.mailbell.mail.pop3.Listings.Uids;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.CommandBatch;
import dev.mailbell.mail.pop3.protocol.NumberColumn;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.pop3.protocol.Refusals;
import dev.mailbell.mail.pop3.protocol.Reply;
import dev.mailbell.mail.pop3.protocol.UnsoundAnswerException;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The dearest proofs: the UIDs of all messages, or where a server has none, their sizes. STAT, UIDL
 * and, where it is asked, LIST have to agree. Where they do not, all three are asked once more;
 * then UIDL is believed when one of the others agrees with it, and else the look fails.
 */
final class MaildropListing {
    /** Up to this many late answers are passed over. */
    private static final int LATE_ANSWERS = 8;

    private final Pop3Wire wire;
    private final Capabilities capabilities;
    private final Listings listings;
    private final MessageHeaders headers;
    private final AccountProofs proofs;
    private final Duration patience;
    private final IdentityListing identities;

    /**
     * @param patience for how long the second round of questions may be silent
     */
    MaildropListing(
            Pop3Wire wire,
            Capabilities capabilities,
            Listings listings,
            MessageHeaders headers,
            AccountProofs proofs,
            Duration patience) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.listings = listings;
        this.headers = headers;
        this.proofs = proofs;
        this.patience = patience;
        this.identities = new IdentityListing(wire, capabilities, listings, headers);
    }

    /** The proof that the last listing rests on. */
    Proof rung() {
        return identities.rung().orElse(Proof.LISTING);
    }

    /** Whether the server shows the last message that UIDL has. */
    private boolean isShown(MaildropAnswers answers) {
        int[] numbers = answers.provenUids().keys().numbers();
        return headers.read(numbers[numbers.length - 1])[0].identity() != null;
    }

    /**
     * Lists everything.
     *
     * @param drop what STAT said in this session; null to ask
     * @param late whether answers to commands before may still be under way
     */
    Full list(@Nullable Pop3Mark mark, @Nullable Drop drop, boolean late) {
        if (mark != null && mark.approximate() && !mark.lacksUidl()) {
            return identities.list(mark.basis(), drop);
        }
        boolean withSizes = mark == null || mark.total() == 0 || mark.approximate();
        MaildropAnswers first = ask(mark, drop, withSizes, late);
        if (first.agree() && first.areUidsFew() && first.sizes() == null) {
            first = ask(mark, first.drop(), true, false);
        }
        if (first.agree() && first.hasSharedUids()) {
            return identities.byHeaders(first);
        }
        if (first.agree()) {
            return first.uids() == null ? identities.bySizes(first, false) : byUids(first);
        }
        MaildropAnswers second = askAgain(mark, first);
        if (second.hasBlankUids()) {
            return identities.byHeaders(second);
        }
        if (second.isProvedByStat()) {
            return byUids(second);
        }
        if (second.isProvedByList()) {
            proofs.lost(Proof.ENDS, "counts messages in STAT that UIDL and LIST do not have");
            return byUids(second);
        }
        boolean countable = second.uids() == null || mayCountSizes(mark);
        if (countable && (second.areSizesSound() || second.areSizesThoseOf(first))) {
            return identities.bySizes(second, false);
        }
        if (second.areUidsThoseOf(first) && second.areUidsMore() && isShown(second)) {
            proofs.lost(Proof.ENDS, "counts fewer messages in STAT and LIST than UIDL has");
            return byUids(second);
        }
        proofs.lost(Proof.LISTING, second.contradiction());
        throw new UnsoundAnswerException(second.contradiction());
    }

    private MaildropAnswers askAgain(@Nullable Pop3Mark mark, MaildropAnswers first) {
        int before = wire.socket().getSoTimeout();
        wire.socket().setSoTimeout((int) patience.toMillis());
        try {
            return ask(mark, null, true, true);
        } catch (MailFailure failure) {
            UnsoundAnswerException unsound = new UnsoundAnswerException(first.contradiction());
            unsound.addSuppressed(failure);
            throw wire.broken(unsound);
        } finally {
            wire.socket().setSoTimeout(before);
        }
    }

    private MaildropAnswers ask(
            @Nullable Pop3Mark mark, @Nullable Drop known, boolean withSizes, boolean late) {
        CommandBatch flight = flight(known == null, withSizes);
        Drop drop = known == null ? listings.drop(flight.nextStatus()) : known;
        int expected = drop == null ? Listings.UNKNOWN : drop.total();
        Reply uidl = listing(flight.nextStatus(), late);
        Uids uids = uidl.ok() ? listings.uids(uidl, expected) : withoutUidl(mark, expected, uidl);
        if (!withSizes && uids != null) {
            return new MaildropAnswers(drop, uids, null);
        }
        Reply list = withSizes ? listing(flight.nextStatus(), false) : asked("LIST");
        if (list.ok()) {
            int listed = drop == null && uids != null ? uids.keys().size() : expected;
            return new MaildropAnswers(drop, uids, listings.sizes(list, listed));
        }
        if (expected != 0 && (uids == null || !list.code().isEmpty())) {
            throw wire.broken(Refusals.ofCommand(list, "LIST"));
        }
        return new MaildropAnswers(drop, uids, null);
    }

    private CommandBatch flight(boolean withStat, boolean withSizes) {
        String[] commands = {"STAT", "UIDL", "LIST"};
        return new CommandBatch(
                wire,
                capabilities.pipelining(),
                Arrays.copyOfRange(commands, withStat ? 0 : 1, withSizes ? 3 : 2));
    }

    private Reply asked(String command) {
        wire.send(command);
        return wire.nextStatus();
    }

    /** The status of a listing. A late answer before it is followed by another status at once. */
    private Reply listing(Reply reply, boolean late) {
        Reply status = reply;
        int passed = 0;
        while (late && status.ok() && passed < LATE_ANSWERS && wire.isStatusNext()) {
            status = wire.nextStatus();
            passed++;
        }
        return status;
    }

    /**
     * What a refused UIDL means: an empty listing where there is nothing to list; null for a server
     * that has none; else a failure, because a server that has UIDL on other days would look as if
     * all its messages were new.
     */
    private @Nullable Uids withoutUidl(@Nullable Pop3Mark mark, int expected, Reply uidl) {
        if (expected == 0) {
            return Uids.NONE;
        }
        boolean hadUids = mark != null && mark.total() > 0 && !mark.approximate();
        boolean offered = capabilities.has("UIDL") && !mayCountSizes(mark);
        if (hadUids || offered || !uidl.code().isEmpty()) {
            proofs.lost(Proof.LISTING, "refused UIDL");
            throw wire.broken(Refusals.ofCommand(uidl, "UIDL"));
        }
        return null;
    }

    /** Whether a server whose UIDL is out of order may be counted by sizes: after a failure. */
    private boolean mayCountSizes(@Nullable Pop3Mark mark) {
        return (mark == null || mark.approximate()) && !proofs.trusts(Proof.LISTING);
    }

    private Full byUids(MaildropAnswers answers) {
        Uids uids = answers.provenUids();
        int[] numbers = uids.keys().numbers();
        Pop3Mark seen =
                new Pop3Mark(numbers.length, answers.octets(), uids.first(), uids.top(), false);
        Pop3Mark mark = answers.isStatRight() ? seen : seen.unproven();
        Sizes sizes = answers.sizes();
        int[] octets =
                IdentityListing.sizesOf(
                        numbers, sizes == null ? new NumberColumn() : sizes.column());
        MessageListing listing = new MessageListing(numbers, uids.keys().values(), octets);
        return sizes == null
                ? new Full(mark, listing, places -> sizesAt(numbers, places))
                : new Full(mark, listing);
    }

    /** Asks for the sizes of few messages one by one, else for all. */
    private int[] sizesAt(int[] numbers, int[] places) {
        NumberColumn column = new NumberColumn();
        boolean few = places.length <= Pop3Check.tailLimit(capabilities);
        if (few && proofs.trusts(Proof.TAIL)) {
            String[] commands = new String[places.length];
            for (int i = 0; i < places.length; i++) {
                commands[i] = "LIST " + numbers[places[i]];
            }
            CommandBatch flight = new CommandBatch(wire, capabilities.pipelining(), commands);
            for (int place : places) {
                long size = Listings.size(flight.nextStatus(), numbers[place]);
                if (size >= 0) {
                    column.add(numbers[place], size);
                }
            }
        }
        if (column.size() < places.length) {
            Reply list = asked("LIST");
            column = list.ok() ? listings.sizes(list, numbers.length).column() : new NumberColumn();
        }
        return IdentityListing.sizesOf(numbers, column);
    }
}
