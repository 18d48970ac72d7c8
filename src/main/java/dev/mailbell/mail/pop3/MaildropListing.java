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
 * The most expensive proofs: the UIDs of all messages or, if the server has none, their sizes.
 * STAT, UIDL and, if it is sent, LIST must agree. Otherwise all three are sent once more; then UIDL
 * is accepted if STAT or LIST agrees with it, and otherwise the check fails.
 */
final class MaildropListing {
    /** The maximum number of late answers that are skipped. */
    private static final int LATE_ANSWERS = 8;

    private final Pop3Wire wire;
    private final Capabilities capabilities;
    private final Listings listings;
    private final MessageHeaders headers;
    private final AccountProofs proofs;
    private final Duration patience;
    private final IdentityListing identities;

    /**
     * @param patience how long the server may be silent when the commands are sent again
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

    /** The proof that the last listing used. */
    Proof proof() {
        return identities.proof().orElse(Proof.LISTING);
    }

    /** Whether the server shows the header of the last message in UIDL. */
    private boolean isLastShown(MaildropAnswers answers) {
        int[] numbers = answers.provenUids().keys().numbers();
        return headers.read(numbers[numbers.length - 1])[0].identity() != null;
    }

    /**
     * Lists the whole maildrop.
     *
     * @param drop the answer to STAT in this session; null to send it
     * @param late whether answers to earlier commands may still arrive
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
            proofs.failed(Proof.ENDS, "counts messages in STAT that UIDL and LIST do not have");
            return byUids(second);
        }
        boolean countable = second.uids() == null || mayCountSizes(mark);
        if (countable && (second.areSizesSound() || second.areSizesThoseOf(first))) {
            return identities.bySizes(second, false);
        }
        if (second.areUidsThoseOf(first) && second.areUidsMore() && isLastShown(second)) {
            proofs.failed(Proof.ENDS, "counts fewer messages in STAT and LIST than UIDL has");
            return byUids(second);
        }
        proofs.failed(Proof.LISTING, second.contradiction());
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
        CommandBatch batch = batch(known == null, withSizes);
        Drop drop = known == null ? listings.drop(batch.nextStatus()) : known;
        int expected = drop == null ? Listings.UNKNOWN : drop.total();
        Reply uidl = listing(batch.nextStatus(), late);
        Uids uids = uidl.ok() ? listings.uids(uidl, expected) : withoutUidl(mark, expected, uidl);
        if (!withSizes && uids != null) {
            return new MaildropAnswers(drop, uids, null);
        }
        Reply list = withSizes ? listing(batch.nextStatus(), false) : status("LIST");
        if (list.ok()) {
            int listed = drop == null && uids != null ? uids.keys().size() : expected;
            return new MaildropAnswers(drop, uids, listings.sizes(list, listed));
        }
        if (expected != 0 && (uids == null || !list.code().isEmpty())) {
            throw wire.broken(Refusals.ofCommand(list, "LIST"));
        }
        return new MaildropAnswers(drop, uids, null);
    }

    private CommandBatch batch(boolean withStat, boolean withSizes) {
        String[] commands = {"STAT", "UIDL", "LIST"};
        return new CommandBatch(
                wire,
                capabilities.pipelining(),
                Arrays.copyOfRange(commands, withStat ? 0 : 1, withSizes ? 3 : 2));
    }

    private Reply status(String command) {
        wire.send(command);
        return wire.nextStatus();
    }

    /**
     * The status of a listing. A late answer before it is followed immediately by another status.
     */
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
     * The meaning of a refused UIDL: an empty listing if the maildrop is empty; null if the server
     * has no UIDL; otherwise a failure, because all messages would count as new when the server
     * answers UIDL again.
     */
    private @Nullable Uids withoutUidl(@Nullable Pop3Mark mark, int expected, Reply uidl) {
        if (expected == 0) {
            return Uids.NONE;
        }
        boolean hadUids = mark != null && mark.total() > 0 && !mark.approximate();
        boolean offered = capabilities.has("UIDL") && !mayCountSizes(mark);
        if (hadUids || offered || !uidl.code().isEmpty()) {
            proofs.failed(Proof.LISTING, "refused UIDL");
            throw wire.broken(Refusals.ofCommand(uidl, "UIDL"));
        }
        return null;
    }

    /** Whether the maildrop may be counted by sizes because UIDL has failed before. */
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
                ? new Full(mark, listing, indexes -> sizesAt(numbers, indexes))
                : new Full(mark, listing);
    }

    /** Reads the sizes of few messages one by one, or else all sizes. */
    private int[] sizesAt(int[] numbers, int[] indexes) {
        NumberColumn column = new NumberColumn();
        boolean few = indexes.length <= Pop3Check.tailLimit(capabilities);
        if (few && proofs.trusts(Proof.TAIL)) {
            int[] asked = Arrays.stream(indexes).map(index -> numbers[index]).toArray();
            long[] sizes = listings.sizesOf(capabilities.pipelining(), asked);
            for (int i = 0; i < asked.length; i++) {
                if (sizes[i] >= 0) {
                    column.add(asked[i], sizes[i]);
                }
            }
        }
        if (column.size() < indexes.length) {
            Reply list = status("LIST");
            column = list.ok() ? listings.sizes(list, numbers.length).column() : new NumberColumn();
        }
        return IdentityListing.sizesOf(numbers, column);
    }
}
