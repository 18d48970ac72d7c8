package dev.mailbell.mail.maildrop;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The shape of a stored message, read before it is parsed, because the parser holds all headers and
 * all parts in memory.
 *
 * @param headerOctets up to the first empty line
 * @param longestHeader the longest run of lines that could be the header of a part
 * @param boundaries lines that begin with two dashes
 */
record MessageShape(long headerOctets, long longestHeader, long boundaries) {
    private static final long MAX_HEADER = 1 << 20;
    private static final long MAX_BOUNDARIES = 20_000;

    static MessageShape of(Path file) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 64 * 1024)) {
            return of(in);
        }
    }

    private static MessageShape of(InputStream in) throws IOException {
        long header = 0;
        long run = 0;
        long longest = 0;
        long boundaries = 0;
        boolean inHeader = true;
        boolean partHeader = true;
        int column = 0;
        int first = 0;
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            header += inHeader ? 1 : 0;
            run += partHeader ? 1 : 0;
            if (octet == '\n') {
                if (column == 0) {
                    inHeader = false;
                    longest = Math.max(longest, run);
                    partHeader = false;
                    run = 0;
                }
                column = 0;
            } else if (octet != '\r') {
                if (column == 0) {
                    first = octet;
                } else if (column == 1 && first == '-' && octet == '-') {
                    boundaries++;
                    partHeader = true;
                    run = 0;
                }
                column++;
            }
        }
        return new MessageShape(header, Math.max(longest, run), boundaries);
    }

    /** Whether it may be parsed. */
    boolean isReasonable() {
        return headerOctets <= MAX_HEADER
                && longestHeader <= 8 * MAX_HEADER
                && boundaries <= MAX_BOUNDARIES;
    }
}
