package dev.mailbell.mail.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the encoded words of a header (RFC 2047). Senders split characters over adjacent words,
 * although section 5 forbids it, so the octets of adjacent words of one charset are joined before
 * they are decoded. A word of an unknown charset stays unchanged.
 */
final class EncodedWords {
    private static final int LONGEST_CHARSET = 64;

    private final String header;
    private final StringBuilder text = new StringBuilder();

    /** The offset of the plain text that is not in {@link #text} yet. */
    private int plainFrom;

    /** The offset of the adjacent words whose octets are in {@link #octets}. */
    private int runFrom;

    private String charset = "";
    private final ByteArrayOutputStream octets = new ByteArrayOutputStream();

    /** Characters of base64 that do not form whole octets yet; the next word may continue them. */
    private String base64 = "";

    private EncodedWords(String header) {
        this.header = header;
    }

    /** One word: {@code =?charset?encoding?content?=}. */
    private record Word(String charset, char encoding, String content, int end) {}

    /**
     * The text of a header.
     *
     * @param latin1 the octets, one character each
     */
    static String decode(String latin1) {
        return new EncodedWords(latin1).decoded();
    }

    private String decoded() {
        int lastEnd = header.lastIndexOf("?=");
        int at = header.indexOf("=?");
        while (at >= 0 && at < lastEnd) {
            Word word = wordAt(at);
            if (word == null) {
                at = header.indexOf("=?", at + 2);
            } else {
                take(word, at);
                plainFrom = word.end();
                at = header.indexOf("=?", word.end());
            }
        }
        endRun();
        plain(header.length());
        return text.toString();
    }

    private @Nullable Word wordAt(int at) {
        int charsetEnd = header.indexOf('?', at + 2);
        int length = charsetEnd - at - 2;
        if (length < 1 || length > LONGEST_CHARSET || charsetEnd + 2 >= header.length()) {
            return null;
        }
        String name = header.substring(at + 2, charsetEnd).toLowerCase(Locale.ROOT);
        char encoding = Character.toLowerCase(header.charAt(charsetEnd + 1));
        int end = header.indexOf("?=", charsetEnd + 3);
        if (name.indexOf(' ') >= 0
                || encoding != 'b' && encoding != 'q'
                || header.charAt(charsetEnd + 2) != '?'
                || end < 0) {
            return null;
        }
        return new Word(name, encoding, header.substring(charsetEnd + 3, end), end + 2);
    }

    private void take(Word word, int at) {
        boolean adjacent = !charset.isEmpty() && header.substring(plainFrom, at).isBlank();
        if (!adjacent) {
            endRun();
            plain(at);
        } else if (!word.charset().equals(charset)) {
            endRun();
        }
        if (charset.isEmpty()) {
            runFrom = at;
            charset = word.charset();
        }
        if (word.encoding() == 'b') {
            base64(word.content());
        } else {
            endBase64();
            quoted(word.content());
        }
    }

    private void plain(int until) {
        text.append(ServerText.decode(header.substring(plainFrom, until)));
        plainFrom = until;
    }

    private void endRun() {
        if (charset.isEmpty()) {
            return;
        }
        endBase64();
        String raw = header.substring(runFrom, plainFrom);
        text.append(MailCharsets.decode(octets.toByteArray(), charset).orElse(raw));
        octets.reset();
        charset = "";
    }

    private void quoted(String content) {
        for (int i = 0; i < content.length(); i++) {
            char c = content.charAt(i);
            if (c == '=' && i + 2 < content.length() && hex(content, i + 1) >= 0) {
                octets.write(hex(content, i + 1));
                i += 2;
            } else {
                octets.write(c == '_' ? ' ' : c);
            }
        }
    }

    private static int hex(String content, int at) {
        int high = Character.digit(content.charAt(at), 16);
        int low = Character.digit(content.charAt(at + 1), 16);
        return high < 0 || low < 0 ? -1 : high * 16 + low;
    }

    private void base64(String content) {
        String characters = base64 + content.replaceAll("[^A-Za-z0-9+/]", "");
        int whole =
                content.strip().endsWith("=")
                        ? characters.length()
                        : characters.length() - characters.length() % 4;
        base64 = characters.substring(whole);
        write(characters.substring(0, whole));
    }

    private void endBase64() {
        write(base64);
        base64 = "";
    }

    private void write(String characters) {
        // A single character left over holds no octet.
        int usable = characters.length() % 4 == 1 ? characters.length() - 1 : characters.length();
        octets.writeBytes(
                Base64.getDecoder()
                        .decode(
                                characters
                                        .substring(0, usable)
                                        .getBytes(StandardCharsets.ISO_8859_1)));
    }
}
