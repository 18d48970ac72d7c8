package dev.mailbell.detection.messages;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The multiset of messages that looks at a POP3 maildrop have seen, in the maildrop's order;
 * immutable. POP3 promises no order and lets identical messages share a UID (RFC 1939, section 7),
 * so only the multiset tells what is new. Messages that are gone stay known for a while: one that
 * comes back was seen before, and a client may still name it as its position.
 *
 * <p>An entry takes 12 bytes: the {@link UidKey key} with two flags, and the size. Entries lie in
 * chunks, and a change keeps every chunk it does not touch, so that what is stored again is only
 * what changed.
 */
public final class KnownMessages {
    /** Entries in a chunk at most: 12 KiB. */
    public static final int CHUNK = 1024;

    /** How many messages a maildrop may hold, and be remembered of together with the gone ones. */
    public static final int MOST = 1_000_000;

    static final long GONE = 1;
    static final long FETCHED = 2;
    private static final KnownMessages NONE = new KnownMessages(List.of());

    private final List<Chunk> chunks;
    private final int live;
    private final int unfetched;

    /**
     * A run of entries.
     *
     * @param number where the chunk stands among the others
     * @param entries key times four plus flags; owned by this record
     * @param sizes in octets; owned by this record
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by identity alone
    public record Chunk(int number, long[] entries, int[] sizes) {
        public Chunk {
            if (entries.length != sizes.length || entries.length > CHUNK) {
                throw new IllegalArgumentException(
                        "not a chunk: " + entries.length + ", " + sizes.length);
            }
        }

        boolean holds(long[] otherEntries, int[] otherSizes, int from, int to) {
            return Arrays.equals(entries, 0, entries.length, otherEntries, from, to)
                    && Arrays.equals(sizes, 0, sizes.length, otherSizes, from, to);
        }
    }

    /**
     * What a listing has that was not known.
     *
     * @param next what is known after it
     * @param fresh the places in the listing of the messages never seen before, ascending; owned by
     *     this record
     * @param survivors how many live messages are still there
     * @param listed how many messages are there now
     */
    @SuppressWarnings("ArrayRecordComponent") // short-lived, never compared
    public record Difference(KnownMessages next, int[] fresh, int survivors, int listed) {

        /** How many messages were gone and are there again. */
        public int returned() {
            return listed - survivors - fresh.length;
        }
    }

    private KnownMessages(List<Chunk> chunks) {
        this.chunks = chunks;
        int liveCount = 0;
        int unfetchedCount = 0;
        for (Chunk chunk : chunks) {
            for (long entry : chunk.entries()) {
                if ((entry & GONE) == 0) {
                    liveCount++;
                    unfetchedCount += (entry & FETCHED) == 0 ? 1 : 0;
                }
            }
        }
        this.live = liveCount;
        this.unfetched = unfetchedCount;
    }

    public static KnownMessages none() {
        return NONE;
    }

    /** What these chunks hold, given in the order of their numbers. */
    public static KnownMessages of(List<Chunk> chunks) {
        return new KnownMessages(List.copyOf(chunks));
    }

    public List<Chunk> chunks() {
        return chunks;
    }

    /** How many messages are there. */
    public int live() {
        return live;
    }

    /** How many messages are there that the client has not said it has. */
    public int unfetched() {
        return unfetched;
    }

    /** What is known after the whole maildrop was listed. */
    public Difference listed(MessageListing listing) {
        MessageLog flat = new MessageLog(this);
        int matched = flat.matchInOrder(listing);
        if (matched >= 0) {
            return flat.append(this, listing, matched);
        }
        return ReorderedMessages.of(this, listing);
    }

    /** What is known after messages were added behind all that are there. */
    public Difference grown(MessageListing tail) {
        return new MessageLog(this).append(this, tail, 0);
    }

    /** Without the messages that are gone. */
    public KnownMessages withoutGone() {
        MessageLog flat = new MessageLog(this);
        if (live == flat.length()) {
            return this;
        }
        flat.forget(flat.length());
        return flat.compact().chunked(List.of());
    }

    /** The client has everything that is there. */
    public KnownMessages allFetched() {
        MessageLog flat = new MessageLog(this);
        flat.fetch(flat.length(), false);
        return flat.chunked(chunks);
    }

    /**
     * The client has every message up to the last one with this key, in the maildrop's order.
     *
     * @param rewind whether the client no longer has those behind it
     * @return empty when no message with this key is known
     */
    public Optional<KnownMessages> fetchedThrough(long key, boolean rewind) {
        MessageLog flat = new MessageLog(this);
        int place = flat.lastIndexOf(key);
        if (place < 0) {
            return Optional.empty();
        }
        flat.fetch(place + 1, rewind);
        return Optional.of(flat.chunked(chunks));
    }

    /**
     * The client has so many messages from the first that is there on.
     *
     * @param rewind whether the client no longer has those behind them
     */
    public KnownMessages fetchedFirst(int messages, boolean rewind) {
        MessageLog flat = new MessageLog(this);
        flat.fetch(flat.endOfLive(messages), rewind);
        return flat.chunked(chunks);
    }

    /**
     * The number that the last live message with this key or before it has in the maildrop, 0 when
     * there is none.
     */
    public int numberOf(long key) {
        MessageLog flat = new MessageLog(this);
        return flat.liveBefore(flat.lastIndexOf(key) + 1);
    }

    /** The sizes of the messages that are there as far as they are known, ascending. */
    int[] sortedSizes() {
        int[] sizes = new int[live];
        int at = 0;
        for (Chunk chunk : chunks) {
            for (int i = 0; i < chunk.sizes().length; i++) {
                if ((chunk.entries()[i] & GONE) == 0
                        && chunk.sizes()[i] != MessageListing.UNKNOWN) {
                    sizes[at++] = chunk.sizes()[i];
                }
            }
        }
        Arrays.sort(sizes, 0, at);
        return Arrays.copyOf(sizes, at);
    }

    /** The chunks of this state that another state does not have: those to write. */
    public List<Chunk> changedSince(KnownMessages before) {
        List<Chunk> changed = new ArrayList<>();
        for (Chunk chunk : chunks) {
            if (before.chunks.stream().noneMatch(old -> old == chunk)) {
                changed.add(chunk);
            }
        }
        return changed;
    }
}
