package dev.mailbell.mail.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Turns octets from a server into text for display: decoded, on one line, of limited length. */
public final class ServerText {
    /** Mail servers in China answer in GBK and seldom say so. */
    private static final List<Charset> CHARSETS =
            List.of(StandardCharsets.UTF_8, Charset.forName("GBK"));

    private static final int LIMIT = 200;

    /** Far more than is shown: the search for secrets takes time for each character. */
    private static final int LONGEST_READ = 2_000;

    private ServerText() {}

    /**
     * Decodes octets as UTF-8 if they are valid UTF-8, else as GBK if they are valid GBK, else as
     * ISO 8859-1.
     */
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

    /** As {@link #decode(byte[], int, int)}, for octets in a string of ISO 8859-1. */
    public static String decode(String latin1) {
        byte[] octets = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return decode(octets, 0, octets.length);
    }

    /**
     * The text on one line, without control characters and directional marks, of at most {@code
     * limit} code points.
     */
    public static String oneLine(String text, int limit) {
        String line =
                text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\s]+", " ")
                        .replaceAll("\\p{Cs}", "\ufffd")
                        .strip();
        if (line.codePointCount(0, line.length()) <= limit) {
            return line;
        }
        return line.substring(0, line.offsetByCodePoints(0, limit - 1)) + "…";
    }

    /**
     * The text without control characters and directional marks except line ends, of at most {@code
     * limit} lines; trailing blanks are removed.
     */
    public static String severalLines(String text, int limit) {
        List<String> lines =
                text.replace("\t", "    ")
                        .lines()
                        .map(line ->
                                line.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "")
                                        .replaceAll("\\p{Cs}", "\ufffd")
                                        .stripTrailing())
                        .limit(limit + 1L)
                        .toList();
        return lines.size() <= limit
                ? String.join("\n", lines)
                : String.join("\n", lines.subList(0, limit)) + "\n[… more]";
    }

    /**
     * A server's answer for the account's owner: at most 200 characters, with secrets redacted in
     * case the server repeats them.
     *
     * @param latin1 the answer's octets as ISO 8859-1
     */
    public static String shown(String latin1, Iterable<String> secrets) {
        String text = decode(latin1.substring(0, Math.min(latin1.length(), LONGEST_READ)));
        return oneLine(new SecretTraces(secrets).redact(text), LIMIT);
    }
}
