package dev.mailbell.mail.imap;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.UidSet;
import dev.mailbell.mail.imap.protocol.SharedResponse;
import dev.mailbell.mail.imap.protocol.UntaggedListener;
import java.util.Arrays;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects the UIDs in the answer to a UID SEARCH, plain or extended (RFC 4731), or a UID FETCH, in
 * any order and on any number of lines; 16 bytes a range, at most {@link #RANGES} ranges.
 */
final class UidCollector implements UntaggedListener {
    private static final Logger LOG = LoggerFactory.getLogger(UidCollector.class);
    private static final int RANGES = 1_500_000;

    private final boolean byFetch;
    private long[] bounds = new long[16];
    private int length;
    private boolean ascending = true;
    private boolean sound = true;
    private long count = -1;
    private long lastCount = -1;

    /**
     * @param byFetch whether the UIDs were requested by a FETCH; otherwise a FETCH response reports
     *     a changed flag
     */
    UidCollector(boolean byFetch) {
        this.byFetch = byFetch;
    }

    @Override
    public void accept(SharedResponse line) {
        try {
            if (byFetch && line.keyEquals("FETCH")) {
                fetched(line);
            } else if (!byFetch && line.keyEquals("SEARCH")) {
                plain(line);
            } else if (!byFetch && line.keyEquals("ESEARCH")) {
                extended(line);
            }
        } catch (RuntimeException e) {
            // Angus reads beyond the end of a truncated line.
            LOG.debug("The answer to a search is truncated", e);
            sound = false;
        }
    }

    /**
     * Whether the whole answer is valid. Some servers send nothing if nothing is found, so a
     * missing answer is valid and empty.
     */
    boolean isSound() {
        if (!sound || count < 0) {
            return sound;
        }
        // With several lines, each COUNT may be of its own line or of all.
        long size = uids().size();
        return size == count || size == lastCount;
    }

    /** Whether no UID was found. */
    boolean isEmpty() {
        return length == 0;
    }

    /** {@code * 3 FETCH (UID 9 …)}; without a UID it reports a flag. */
    private void fetched(SharedResponse line) {
        long uid = MailboxCommands.attributes(line).number("UID");
        // 0 is not a UID: some servers send it for a message without one.
        if (uid > 0) {
            add(uid, uid);
        }
    }

    /** The UIDs found; only valid if {@link #isSound}. */
    UidSet uids() {
        UidSet.Builder builder = new UidSet.Builder();
        long[] ordered = ascending ? bounds : sorted();
        for (int i = 0; i < length; i += 2) {
            builder.add(ordered[i], ordered[i + 1]);
        }
        return builder.build();
    }

    /** {@code 2 84 882}, possibly followed by {@code (MODSEQ 9)}. */
    private void plain(SharedResponse line) {
        while (true) {
            line.skipSpaces();
            char next = (char) line.peekByte();
            if (next < '0' || next > '9') {
                sound &= next == 0 || next == '(';
                return;
            }
            long uid = line.readLong();
            add(uid, uid);
        }
    }

    /** {@code (TAG "A4") UID COUNT 3 ALL 2,84:85}. */
    private void extended(SharedResponse line) {
        line.skipSpaces();
        if (line.peekByte() == '(') {
            skipTag(line);
        }
        boolean uids = false;
        for (String name = line.readAtom(); name != null; name = line.readAtom()) {
            switch (name.toUpperCase(Locale.ROOT)) {
                case "UID" -> uids = true;
                case "COUNT" -> {
                    lastCount = line.readLong();
                    count = Math.max(0, count) + lastCount;
                }
                case "ALL" -> {
                    // Without UID these are message numbers (RFC 4731, section 3.1).
                    sound &= uids;
                    set(line);
                }
                default -> {
                    // A result that was not requested, or no word.
                    sound = false;
                    return;
                }
            }
        }
    }

    private static void skipTag(SharedResponse line) {
        byte octet;
        do {
            octet = line.readByte();
        } while (octet != ')' && octet != 0);
    }

    private void set(SharedResponse line) {
        do {
            long first = line.readLong();
            long last = first;
            if (line.peekByte() == ':') {
                line.readByte();
                last = line.readLong();
            }
            add(Math.min(first, last), Math.max(first, last));
        } while (line.peekByte() == ',' && line.readByte() == ',');
    }

    private void add(long first, long last) {
        if (first < 1 || last >= ImapMark.NO_UID || length == 2 * RANGES) {
            sound = false;
            return;
        }
        ascending &= length == 0 || first >= bounds[length - 2];
        if (length > 0 && ascending && first == bounds[length - 1] + 1) {
            bounds[length - 1] = last;
            return;
        }
        if (length == bounds.length) {
            bounds = Arrays.copyOf(bounds, 2 * length);
        }
        bounds[length++] = first;
        bounds[length++] = last;
    }

    private long[] sorted() {
        long[][] ranges = new long[length / 2][];
        for (int i = 0; i < ranges.length; i++) {
            ranges[i] = new long[] {bounds[2 * i], bounds[2 * i + 1]};
        }
        Arrays.sort(ranges, (a, b) -> Long.compare(a[0], b[0]));
        long[] joined = new long[length];
        for (int i = 0; i < ranges.length; i++) {
            joined[2 * i] = ranges[i][0];
            joined[2 * i + 1] = ranges[i][1];
        }
        return joined;
    }
}
