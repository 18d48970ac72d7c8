package dev.mailbell.mail.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/**
 * Decodes UTF-7 (RFC 2152) and the modified UTF-7 of mailbox names (RFC 3501, section 5.1.3), also
 * with unnecessarily encoded characters.
 */
final class ModifiedUtf7 {
    private ModifiedUtf7() {}

    /** Decodes a mailbox name; empty if it is invalid or contains nothing encoded. */
    static Optional<String> decode(String name) {
        return decode(name, '&', true);
    }

    /** Decodes text; empty if it is not UTF-7. */
    static Optional<String> decodeText(String text) {
        return decode(text, '+', false);
    }

    private static Optional<String> decode(String text, char shift, boolean modified) {
        StringBuilder decoded = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c > '~') {
                return Optional.empty();
            }
            at++;
            if (c != shift) {
                decoded.append(c);
                continue;
            }
            int end = at;
            while (end < text.length() && isBase64(text.charAt(end), modified)) {
                end++;
            }
            boolean closed = end < text.length() && text.charAt(end) == '-';
            if (modified && !closed) {
                return Optional.empty();
            }
            if (end == at && closed) {
                decoded.append(shift);
            } else {
                Optional<String> part = utf16(text.substring(at, end), modified);
                if (part.isEmpty()) {
                    return Optional.empty();
                }
                decoded.append(part.get());
            }
            at = closed ? end + 1 : end;
        }
        return Optional.of(decoded.toString());
    }

    private static boolean isBase64(char c, boolean modified) {
        return c >= 'A' && c <= 'Z'
                || c >= 'a' && c <= 'z'
                || c >= '0' && c <= '9'
                || c == '+'
                || c == (modified ? ',' : '/');
    }

    private static Optional<String> utf16(String base64, boolean modified) {
        try {
            byte[] octets =
                    Base64.getDecoder().decode(modified ? base64.replace(',', '/') : base64);
            // The padding of the last sextet is not a character.
            byte[] whole = Arrays.copyOf(octets, octets.length & ~1);
            return whole.length == 0
                    ? Optional.empty()
                    : Optional.of(
                            StandardCharsets.UTF_16BE
                                    .newDecoder()
                                    .decode(ByteBuffer.wrap(whole))
                                    .toString());
        } catch (IllegalArgumentException | CharacterCodingException e) {
            return Optional.empty();
        }
    }
}
