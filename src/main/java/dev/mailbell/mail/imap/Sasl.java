package dev.mailbell.mail.imap;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** AUTHENTICATE with its base64 (RFC 9051, section 6.2.2). */
final class Sasl {
    /** Challenges that the longest of the mechanisms has, and one to spare. */
    private static final int MOST_ROUNDS = 4;

    private Sasl() {}

    /**
     * Runs a mechanism.
     *
     * @param initial the response that goes with the command (RFC 4959), in base64; null for none
     */
    static Reply run(
            ImapWire wire,
            String mechanism,
            @Nullable String initial,
            ImapWire.Dialogue dialogue,
            ImapWire.Untagged untagged) {
        int[] rounds = {0};
        return wire.authenticate(
                "AUTHENTICATE "
                        + mechanism
                        + (initial == null ? "" : initial.isEmpty() ? " =" : " " + initial),
                challenge -> {
                    if (++rounds[0] > MOST_ROUNDS) {
                        throw wire.protocolError("wants to hear more than the login has to say");
                    }
                    return dialogue.answer(challenge);
                },
                untagged);
    }

    /** A challenge's octets; as they came where they are not base64. */
    static byte[] octets(String challenge) {
        try {
            return Base64.getDecoder().decode(challenge);
        } catch (IllegalArgumentException e) {
            return challenge.getBytes(StandardCharsets.ISO_8859_1);
        }
    }

    static String base64(String text) {
        return base64(text.getBytes(StandardCharsets.UTF_8));
    }

    static String base64(byte[] octets) {
        return Base64.getEncoder().encodeToString(octets);
    }
}
