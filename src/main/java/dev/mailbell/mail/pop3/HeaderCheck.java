package dev.mailbell.mail.pop3;

import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.messages.MessageListing;
import dev.mailbell.mail.pop3.Listings.Drop;
import dev.mailbell.mail.pop3.MessageHeaders.Facts;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import java.util.Arrays;
import java.util.Optional;

/**
 * The cheap proofs for a maildrop with unstable UIDs: number, octets, first and last header equal
 * those of the mark; or the headers and sizes of a tail account for the growth.
 */
final class HeaderCheck {
    private final Capabilities capabilities;
    private final Listings listings;
    private final MessageHeaders headers;

    HeaderCheck(Capabilities capabilities, Listings listings, MessageHeaders headers) {
        this.capabilities = capabilities;
        this.listings = listings;
        this.headers = headers;
    }

    /** Returns empty if the whole maildrop must be listed. */
    Optional<Pop3Observation> observe(Pop3Mark mark, Drop drop) {
        int top = mark.total();
        if (drop.total() == top && drop.octets() == mark.octets()) {
            return top == 0 || areEndsThere(mark)
                    ? Optional.of(new Pop3Observation.Unchanged())
                    : Optional.empty();
        }
        int growth = drop.total() - top;
        return top > 0
                        && growth > 0
                        && growth <= Pop3Check.tailLimit(capabilities)
                        && drop.octets() >= mark.octets()
                        && areEndsThere(mark)
                ? tail(mark, drop)
                : Optional.empty();
    }

    private boolean areEndsThere(Pop3Mark mark) {
        Facts[] ends = mark.total() == 1 ? headers.read(1) : headers.read(1, mark.total());
        String last = ends[ends.length - 1].identity();
        return mark.firstHeader().equals(ends[0].identity())
                && last != null
                && last.equals(mark.topUid());
    }

    private Optional<Pop3Observation> tail(Pop3Mark mark, Drop drop) {
        int[] numbers = new int[drop.total() - mark.total()];
        Arrays.setAll(numbers, i -> mark.total() + 1 + i);
        long[] listed = listings.sizesOf(capabilities.pipelining(), numbers);
        int[] sizes = new int[numbers.length];
        long octets = mark.octets();
        for (int i = 0; i < numbers.length; i++) {
            long size = listed[i];
            octets = size < 0 ? Long.MIN_VALUE : octets + size;
            sizes[i] = (int) Math.min(size, Integer.MAX_VALUE);
        }
        if (octets != drop.octets()) {
            return Optional.empty();
        }
        Facts[] facts = headers.read(numbers);
        long[] keys = new long[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            String identity = facts[i].identity();
            if (identity == null) {
                return Optional.empty();
            }
            keys[i] = listings.key(identity);
        }
        Pop3Mark next =
                Pop3Mark.ofHeaders(
                        drop.total(),
                        drop.octets(),
                        mark.firstHeader(),
                        facts[facts.length - 1].identity());
        return Optional.of(
                new Pop3Observation.Tail(next, new MessageListing(numbers, keys, sizes)));
    }
}
