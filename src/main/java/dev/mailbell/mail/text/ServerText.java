package dev.mailbell.mail.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Turns what a server sent into text that can be shown: decoded, on one line, bounded. */
public final class ServerText {
    /** Mail servers in China answer in GBK and seldom say so. */
    private static final List<Charset> CHARSETS =
            List.of(StandardCharsets.UTF_8, Charset.forName("GBK"));

    private static final int LIMIT = 200;

    private ServerText() {}

    /** UTF-8 when it is UTF-8, else GBK when it is GBK, else ISO 8859-1, which everything is. */
    public static String decode(byte[] octets, int offset, int length) {
        for (Charset charset : CHARSETS) {
            try {
                return charset.newDecoder()
                        .decode(ByteBuffer.wrap(octets, offset, length))
                        .toString();
            } catch (CharacterCodingException e) {
                continue;
            }
        }
        return new String(octets, offset, length, StandardCharsets.ISO_8859_1);
    }

    /** As {@link #decode(byte[], int, int)}, of octets held as ISO 8859-1. */
    public static String decode(String latin1) {
        byte[] octets = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return decode(octets, 0, octets.length);
    }

    /**
     * On one line, without control characters and directional marks, at most {@code limit} long.
     */
    public static String oneLine(String text, int limit) {
        String line =
                text.replaceAll("[\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}\\s]+", " ")
                        .replaceAll("\\p{Cs}", "\ufffd")
                        .strip();
        if (line.codePointCount(0, line.length()) <= limit) {
            return line;
        }
        return line.substring(0, line.offsetByCodePoints(0, limit - 1)) + "…";
    }

    /**
     * A server's answer for the account's owner: at most 200 characters, and without secrets in
     * case that the server repeats what it was sent.
     *
     * @param latin1 the answer's octets as ISO 8859-1
     */
    public static String shown(String latin1, Iterable<String> secrets) {
        String text = decode(latin1);
        for (String secret : secrets) {
            text = secret.isEmpty() ? text : text.replace(secret, "[redacted]");
        }
        return oneLine(text, LIMIT);
    }
}
