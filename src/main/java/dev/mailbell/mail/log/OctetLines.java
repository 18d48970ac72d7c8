package dev.mailbell.mail.log;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/** Cuts a stream of octets into lines; of a long one only the beginning is kept. */
final class OctetLines {
    private static final int KEPT = 1_024;

    private final Consumer<String> sink;
    private byte[] line = new byte[128];
    private int length;
    private long left;

    /**
     * @param sink gets each line without its end, as ISO 8859-1
     */
    OctetLines(Consumer<String> sink) {
        this.sink = sink;
    }

    void accept(byte[] octets, int offset, int count) {
        for (int i = offset; i < offset + count; i++) {
            if (octets[i] == '\n') {
                flush();
            } else if (length < KEPT) {
                if (length == line.length) {
                    line = Arrays.copyOf(line, 2 * length);
                }
                line[length++] = octets[i];
            } else {
                left++;
            }
        }
    }

    /** Ends the current line, if there is any. */
    void flush() {
        if (length == 0) {
            return;
        }
        int end = line[length - 1] == '\r' ? length - 1 : length;
        String text = new String(line, 0, end, StandardCharsets.ISO_8859_1);
        String shown = left == 0 ? text : text + " […" + left + " octets more]";
        length = 0;
        left = 0;
        sink.accept(shown);
    }
}
