package dev.mailbell.mail.imap.login;

import dev.mailbell.mail.auth.Base64Text;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.imap.protocol.UntaggedListener;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The command AUTHENTICATE (RFC 9051, section 6.2.2). */
final class AuthenticateCommand {
    /** The number of challenges of the longest mechanism, and one more. */
    private static final int MAX_ROUNDS = 4;

    private AuthenticateCommand() {}

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
            UntaggedListener untagged) {
        int[] rounds = {0};
        return wire.authenticate(
                "AUTHENTICATE "
                        + mechanism
                        + (initial == null ? "" : initial.isEmpty() ? " =" : " " + initial),
                challenge -> {
                    if (++rounds[0] > MAX_ROUNDS) {
                        throw wire.protocolError("sent more challenges than the mechanism has");
                    }
                    return dialogue.answer(challenge);
                },
                untagged);
    }

    static String base64(String text) {
        return Base64Text.encode(text.getBytes(StandardCharsets.UTF_8));
    }
}
