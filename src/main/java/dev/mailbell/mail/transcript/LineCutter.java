package dev.mailbell.mail.transcript;

import java.nio.charset.StandardCharsets;

/**
 * Cuts the octets of one direction into lines, and passes over those of literals. It holds the
 * first {@value #LONGEST} octets of a line and its last {@value #END}.
 */
final class LineCutter {
    /** More octets of a line than a transcript shows. */
    static final int LONGEST = 1_200;

    /** The end of a line says whether a literal follows. */
    static final int END = 32;

    /** Takes the parts of one direction. */
    interface Sink {
        /** A line without its end. */
        void line(Line line);

        /** A literal has ended. */
        void literal(long octets);
    }

    /**
     * A line.
     *
     * @param text its first octets, as ISO 8859-1
     * @param end its last octets
     * @param length how many octets the whole line has
     */
    record Line(String text, String end, long length) {}

    private final Sink sink;
    private final byte[] first = new byte[LONGEST];
    private final byte[] last = new byte[END];
    private long length;
    private long literal;
    private long literalLeft;

    LineCutter(Sink sink) {
        this.sink = sink;
    }

    /** The next octets after this line are a literal; called by the sink. */
    void literalFollows(long octets) {
        literal = octets;
        literalLeft = octets;
        if (octets == 0) {
            sink.literal(0);
        }
    }

    /** No literal follows after all. */
    void noLiteral() {
        literalLeft = 0;
    }

    /** A new connection or another layer begins: a line that was begun has no end. */
    void restart() {
        if (length > 0) {
            end();
        }
        literalLeft = 0;
    }

    void accept(byte[] octets, int offset, int count) {
        int at = offset;
        int limit = offset + count;
        while (at < limit) {
            if (literalLeft > 0) {
                int passed = (int) Math.min(literalLeft, limit - at);
                at += passed;
                literalLeft -= passed;
                if (literalLeft == 0) {
                    sink.literal(literal);
                }
            } else {
                take(octets[at++]);
            }
        }
    }

    private void take(byte octet) {
        if (octet == '\n') {
            if (length > 0 && last[(int) ((length - 1) % END)] == '\r') {
                length--;
            }
            end();
            return;
        }
        if (length < LONGEST) {
            first[(int) length] = octet;
        }
        last[(int) (length % END)] = octet;
        length++;
    }

    private void end() {
        int kept = (int) Math.min(length, LONGEST);
        int tail = (int) Math.min(length, END);
        byte[] ordered = new byte[tail];
        for (int i = 0; i < tail; i++) {
            ordered[i] = last[(int) ((length - tail + i) % END)];
        }
        Line line =
                new Line(
                        new String(first, 0, kept, StandardCharsets.ISO_8859_1),
                        new String(ordered, StandardCharsets.ISO_8859_1),
                        length);
        length = 0;
        sink.line(line);
    }
}
