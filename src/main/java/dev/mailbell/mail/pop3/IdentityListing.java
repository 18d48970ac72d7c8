package dev.mailbell.mail.pop3;

import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Mark.Basis;
import dev.mailbell.detection.Pop3Observation.Full;
import dev.mailbell.detection.messages.MessageListing;
import dev.mailbell.detection.messages.UidText;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.pop3.Listings.Drop;
import dev.mailbell.mail.pop3.Listings.Sizes;
import dev.mailbell.mail.pop3.MessageHeaders.Facts;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.NumberColumn;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.pop3.protocol.Refusals;
import dev.mailbell.mail.pop3.protocol.Reply;
import dev.mailbell.mail.pop3.protocol.UnsoundAnswerException;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lists a maildrop without UIDs: by the headers of its messages, or by their sizes if there are too
 * many messages or the server shows no headers.
 */
final class IdentityListing {
    /** The maximum number of headers that one check reads without pipelining. */
    static final int HEADERS_ONE_BY_ONE = 200;

    static final int HEADERS_PIPELINED = 1_000;

    private final Pop3Wire wire;
    private final Capabilities capabilities;
    private final Listings listings;
    private final MessageHeaders headers;
    private @Nullable Proof proof;

    IdentityListing(
            Pop3Wire wire, Capabilities capabilities, Listings listings, MessageHeaders headers) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.listings = listings;
        this.headers = headers;
    }

    /** The proof that the last listing used; empty before the first. */
    Optional<Proof> proof() {
        return Optional.ofNullable(proof);
    }

    /**
     * Lists the whole maildrop. A LIST that contradicts STAT is accepted if it is repeated.
     *
     * @param drop the answer to STAT in this session; null to send it
     */
    Full list(Basis basis, @Nullable Drop drop) {
        MaildropAnswers answers = ask(drop);
        if (!answers.areSizesSound()) {
            MaildropAnswers second = ask(null);
            if (!second.areSizesSound() && !second.areSizesThoseOf(answers)) {
                throw new UnsoundAnswerException(second.contradiction());
            }
            answers = second;
        }
        return basis == Basis.SIZES ? bySizes(answers, true) : byHeaders(answers);
    }

    private MaildropAnswers ask(@Nullable Drop known) {
        Drop drop = known == null ? listings.drop(status("STAT")) : known;
        Reply list = status("LIST");
        int expected = drop == null ? Listings.UNKNOWN : drop.total();
        if (!list.ok() && expected != 0) {
            throw wire.broken(Refusals.ofCommand(list, "LIST"));
        }
        return new MaildropAnswers(
                drop,
                null,
                list.ok() ? listings.sizes(list, expected) : new Sizes(new NumberColumn(), null));
    }

    private Reply status(String command) {
        wire.send(command);
        return wire.nextStatus();
    }

    /** Lists by headers; by sizes if there are too many messages or the server shows no headers. */
    Full byHeaders(MaildropAnswers answers) {
        NumberColumn sizes = answers.provenSizes();
        int[] numbers = sizes.numbers();
        if (numbers.length > (capabilities.pipelining() ? HEADERS_PIPELINED : HEADERS_ONE_BY_ONE)) {
            return bySizes(answers, true);
        }
        Facts[] shown = headers.read(numbers);
        if (numbers.length > 0
                && Arrays.stream(shown).allMatch(facts -> facts.identity() == null)) {
            return bySizes(answers, true);
        }
        String[] names = new String[numbers.length];
        long[] octets = sizes.values();
        long[] keys = new long[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            String identity = shown[i].identity();
            names[i] = identity == null ? UidText.ofSize(octets[i]) : identity;
            keys[i] = listings.key(names[i]);
        }
        proof = Proof.HEADERS;
        Pop3Mark mark =
                Pop3Mark.ofHeaders(
                        numbers.length,
                        answers.octets(),
                        names.length == 0 ? "" : names[0],
                        names.length == 0 ? null : names[names.length - 1]);
        return new Full(
                answers.areSizesSound() ? mark : mark.unproven(),
                new MessageListing(numbers, keys, sizesOf(numbers, sizes)));
    }

    /**
     * @param hasUids whether the server has UIDs, which are not stable
     */
    Full bySizes(MaildropAnswers answers, boolean hasUids) {
        proof = Proof.SIZES;
        NumberColumn sizes = answers.provenSizes();
        int[] numbers = sizes.numbers();
        long[] keys = sizes.values();
        for (int i = 0; i < keys.length; i++) {
            keys[i] = listings.key(UidText.ofSize(keys[i]));
        }
        String top = topMessageId(numbers.length);
        Pop3Mark mark =
                hasUids
                        ? Pop3Mark.ofSizes(numbers.length, answers.octets(), top)
                        : new Pop3Mark(numbers.length, answers.octets(), null, top, true);
        return new Full(
                answers.areSizesSound() ? mark : mark.unproven(),
                new MessageListing(numbers, keys, sizesOf(numbers, sizes)));
    }

    @Nullable String topMessageId(int total) {
        return total == 0 ? null : headers.messageId(total);
    }

    /** A size of 2 GiB or more, which no mail has, is kept as the largest that fits. */
    static int[] sizesOf(int[] numbers, NumberColumn column) {
        int[] sizes = new int[numbers.length];
        for (int i = 0; i < sizes.length; i++) {
            long size = column.valueOf(numbers[i], MessageListing.UNKNOWN);
            sizes[i] = (int) Math.min(size, Integer.MAX_VALUE);
        }
        return sizes;
    }
}
