package dev.mailbell.mail.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.angus.mail.imap.protocol.BASE64MailboxDecoder;
import org.eclipse.angus.mail.imap.protocol.BASE64MailboxEncoder;

/**
 * Converts mailbox names between Unicode and the modified UTF-7 of IMAP (RFC 3501, section 5.1.3).
 * Some servers use other encodings, so a server's name is opaque and is sent back unchanged.
 */
public final class MailboxNames {
    private MailboxNames() {}

    /** The name to send: ASCII without control characters; INBOX in upper case. */
    public static String encode(String name) {
        return isInbox(name) ? "INBOX" : BASE64MailboxEncoder.encode(name);
    }

    /** The name in Unicode; unchanged if it is not modified UTF-7. */
    public static String decode(String raw) {
        if (isInbox(raw)) {
            return "INBOX";
        }
        try {
            String name = BASE64MailboxDecoder.decode(raw);
            return encode(name).equals(raw) ? name : raw;
        } catch (RuntimeException notEncoded) {
            return raw;
        }
    }

    /**
     * The name in Unicode (NFC) for any known encoding: modified UTF-7, also with unnecessary
     * base64, or raw UTF-8; unchanged for anything else.
     *
     * @param raw the octets, one character each
     */
    public static String readable(String raw) {
        String strict = decode(raw);
        String name =
                strict.equals(raw)
                        ? ModifiedUtf7.decode(raw).orElse(utf8(raw).orElse(raw))
                        : strict;
        return Normalizer.normalize(isInbox(name) ? "INBOX" : name, Normalizer.Form.NFC);
    }

    private static Optional<String> utf8(String raw) {
        boolean octets = raw.chars().allMatch(octet -> octet < 0x100);
        if (!octets || raw.chars().allMatch(octet -> octet < 0x80)) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(raw.getBytes(StandardCharsets.ISO_8859_1)))
                            .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** INBOX is case-insensitive (RFC 9051, section 5.1). */
    public static boolean isInbox(String name) {
        return name.toUpperCase(Locale.ROOT).equals("INBOX");
    }
}
