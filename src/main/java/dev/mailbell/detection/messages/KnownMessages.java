package dev.mailbell.detection.messages;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The multiset of messages that checks of a POP3 maildrop have seen, in the maildrop's order;
 * immutable. POP3 guarantees no order and lets identical messages share a UID (RFC 1939, section
 * 7), so only the multiset shows which messages are new. Gone messages stay known for a while: one
 * that returns is not new, and a client may still give it as its position.
 *
 * <p>An entry takes 12 bytes: the {@link UidKey key} with two flags, and the size. Entries are kept
 * in chunks. A change keeps every chunk that it does not touch, so that only changed chunks are
 * written again.
 */
public final class KnownMessages {
    /** The maximum number of entries in a chunk, 12 KiB. */
    public static final int CHUNK = 1024;

    /**
     * The maximum number of messages in a maildrop, and of known messages including the gone ones.
     */
    public static final int MAX_MESSAGES = 1_000_000;

    static final long GONE = 1;
    static final long FETCHED = 2;
    private static final KnownMessages NONE = new KnownMessages(List.of());

    private final List<Chunk> chunks;
    private final int live;
    private final int unfetched;

    /**
     * A run of entries.
     *
     * @param number the position of the chunk among the others
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
     * The difference between the known messages and a listing.
     *
     * @param next the known messages after the listing
     * @param fresh the indexes in the listing of the messages that were not known, ascending; owned
     *     by this record
     * @param survivors how many messages were present before and still are
     * @param listed how many messages are present now
     */
    @SuppressWarnings("ArrayRecordComponent") // short-lived, never compared
    public record Difference(KnownMessages next, int[] fresh, int survivors, int listed) {

        /** How many messages were gone and are present again. */
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

    /** The messages of these chunks, which are in the order of their numbers. */
    public static KnownMessages of(List<Chunk> chunks) {
        return new KnownMessages(List.copyOf(chunks));
    }

    public List<Chunk> chunks() {
        return chunks;
    }

    /** How many messages are present. */
    public int live() {
        return live;
    }

    /** How many present messages the client has not fetched. */
    public int unfetched() {
        return unfetched;
    }

    /** Compares a listing of the whole maildrop with the known messages. */
    public Difference listed(MessageListing listing) {
        MessageLog log = new MessageLog(this);
        int matched = log.matchInOrder(listing);
        if (matched >= 0) {
            return log.append(this, listing, matched);
        }
        return ReorderedMessages.of(this, listing);
    }

    /** Compares a listing of the messages after all those that are known to be present. */
    public Difference grown(MessageListing tail) {
        return new MessageLog(this).append(this, tail, 0);
    }

    /** A copy without the gone messages. */
    public KnownMessages withoutGone() {
        MessageLog log = new MessageLog(this);
        if (live == log.length()) {
            return this;
        }
        log.forget(log.length());
        return log.compact().chunked(List.of());
    }

    /** Marks every message as fetched by the client. */
    public KnownMessages allFetched() {
        MessageLog log = new MessageLog(this);
        log.fetch(log.length(), false);
        return log.chunked(chunks);
    }

    /**
     * Marks every message up to the last one with this key, in the maildrop's order, as fetched.
     *
     * @param rewind whether the later messages are marked as not fetched
     * @return empty when no message with this key is known
     */
    public Optional<KnownMessages> fetchedThrough(long key, boolean rewind) {
        MessageLog log = new MessageLog(this);
        int index = log.lastIndexOf(key);
        if (index < 0) {
            return Optional.empty();
        }
        log.fetch(index + 1, rewind);
        return Optional.of(log.chunked(chunks));
    }

    /**
     * Marks the first messages that are present as fetched.
     *
     * @param rewind whether the later messages are marked as not fetched
     */
    public KnownMessages fetchedFirst(int messages, boolean rewind) {
        MessageLog log = new MessageLog(this);
        log.fetch(log.endOfLive(messages), rewind);
        return log.chunked(chunks);
    }

    /**
     * The message number of the last present message at or before the last one with this key; 0 for
     * none.
     */
    public int numberOf(long key) {
        MessageLog log = new MessageLog(this);
        return log.liveBefore(log.lastIndexOf(key) + 1);
    }

    /** The known sizes of the present messages, ascending. */
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

    /** The chunks that {@code before} does not have and that must be written. */
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
