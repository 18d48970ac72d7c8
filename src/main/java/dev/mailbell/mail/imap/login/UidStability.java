package dev.mailbell.mail.imap.login;

import dev.mailbell.mail.imap.protocol.Capabilities;
import java.util.List;
import java.util.Locale;

/**
 * Whether a server is known for unstable UIDs. Courier assigns UIDs in a read-only session without
 * storing them, and GNU imap4d numbers messages anew in each session: the UID of a removed message
 * is then given to a new one, while UIDVALIDITY and UIDNEXT stay the same. No answer shows this, so
 * it is concluded from the server's name.
 */
final class UidStability {
    /** Extensions that only Courier has; they identify it behind a proxy too. */
    private static final List<String> COURIER =
            List.of("ACL2=UNION", "XMAGICTRASH", "XCOURIEROUTBOX");

    /** Full product names, because a host may be called imap4d or courier. */
    private static final List<String> NAMES =
            List.of("courier-imap", "gnu mailutils", "gnu imap4d", "gnu-imap4d");

    private UidStability() {}

    /**
     * @param greeting the text of the greeting
     * @param offered the capabilities
     * @param serverId the fields with which the server identifies itself (RFC 2971); empty for none
     */
    static boolean isStable(String greeting, Capabilities offered, String serverId) {
        return !isNamed(greeting)
                && !isNamed(serverId)
                && offered.names().stream().noneMatch(UidStability::isCourierExtension);
    }

    private static boolean isNamed(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return NAMES.stream().anyMatch(lower::contains);
    }

    private static boolean isCourierExtension(String capability) {
        int value = capability.indexOf('=');
        return COURIER.contains(capability)
                || value > 0 && COURIER.contains(capability.substring(0, value));
    }
}
