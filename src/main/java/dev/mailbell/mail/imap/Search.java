package dev.mailbell.mail.imap;

import dev.mailbell.mark.ImapMark;
import dev.mailbell.mark.UidSet;
import java.util.Arrays;
import java.util.Locale;

/**
 * Gathers the answer to a UID SEARCH, plain or extended (RFC 4731), however it is ordered; 16 bytes
 * a range, at most {@link #RANGES}.
 */
final class Search implements ImapWire.Untagged {
    private static final int RANGES = 1_500_000;

    private long[] bounds = new long[16];
    private int length;
    private boolean ascending = true;
    private boolean sound = true;
    private boolean answered;
    private long count = -1;

    @Override
    public void accept(Line line) {
        if (line.keyEquals("SEARCH")) {
            answered = true;
            plain(line);
        } else if (line.keyEquals("ESEARCH")) {
            answered = true;
            extended(line);
        }
    }

    /** Whether there was an answer and all of it made sense. */
    boolean isSound() {
        return answered && sound && (count < 0 || count == uids().size());
    }

    /** The UIDs found; only of a sound search. */
    UidSet uids() {
        UidSet.Builder builder = new UidSet.Builder();
        long[] ordered = ascending ? bounds : sorted();
        for (int i = 0; i < length; i += 2) {
            builder.add(ordered[i], ordered[i + 1]);
        }
        return builder.build();
    }

    /** {@code 2 84 882}, perhaps with a {@code (MODSEQ 9)} behind. */
    private void plain(Line line) {
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
    private void extended(Line line) {
        line.skipSpaces();
        if (line.peekByte() == '(') {
            skipTag(line);
        }
        for (String name = line.readAtom(); name != null; name = line.readAtom()) {
            switch (name.toUpperCase(Locale.ROOT)) {
                case "UID" -> {}
                case "COUNT" -> count = line.readLong();
                case "ALL" -> set(line);
                default -> {
                    // Something that nobody asked for, or no word at all.
                    sound = false;
                    return;
                }
            }
        }
    }

    private static void skipTag(Line line) {
        byte octet;
        do {
            octet = line.readByte();
        } while (octet != ')' && octet != 0);
    }

    private void set(Line line) {
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
        if (first < 1 || last >= ImapMark.UID_LIMIT || length == 2 * RANGES) {
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
        long[] flat = new long[length];
        for (int i = 0; i < ranges.length; i++) {
            flat[2 * i] = ranges[i][0];
            flat[2 * i + 1] = ranges[i][1];
        }
        return flat;
    }
}
