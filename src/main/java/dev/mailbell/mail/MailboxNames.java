package dev.mailbell.mail;

import java.util.Locale;
import org.eclipse.angus.mail.imap.protocol.BASE64MailboxDecoder;
import org.eclipse.angus.mail.imap.protocol.BASE64MailboxEncoder;

/** Mailbox names between Unicode and the modified UTF-7 of IMAP (RFC 3501, section 5.1.3). */
public final class MailboxNames {
    private MailboxNames() {}

    /** The name to send: ASCII without control characters; INBOX in upper case. */
    public static String encode(String name) {
        return isInbox(name) ? "INBOX" : BASE64MailboxEncoder.encode(name);
    }

    /** The name in Unicode; as it is where it is no modified UTF-7. */
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

    /** INBOX is the one name without case (RFC 9051, section 5.1). */
    public static boolean isInbox(String name) {
        return name.toUpperCase(Locale.ROOT).equals("INBOX");
    }
}
