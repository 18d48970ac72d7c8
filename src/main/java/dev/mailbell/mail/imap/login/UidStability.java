package dev.mailbell.mail.imap.login;

import dev.mailbell.mail.imap.protocol.Capabilities;
import java.util.List;
import java.util.Locale;

/**
 * Whether a server is known for UIDs that do not last. Courier gives UIDs to a client that opens a
 * mailbox for reading without writing them down, and GNU imap4d counts them anew in each session:
 * there a UID passes from a message that went to the one that came, and UIDVALIDITY and UIDNEXT
 * stay as they were. Nothing in an answer shows it, so the server's name has to.
 */
final class UidStability {
    /** Extensions that Courier alone has; they show it behind a proxy too. */
    private static final List<String> COURIER =
            List.of("ACL2=UNION", "XMAGICTRASH", "XCOURIEROUTBOX");

    /** Whole product names: a host may be called imap4d or courier. */
    private static final List<String> NAMES =
            List.of("courier-imap", "gnu mailutils", "gnu imap4d", "gnu-imap4d");

    private UidStability() {}

    /**
     * @param greeting the text of the greeting
     * @param offered the capabilities
     * @param named the fields in which the server names itself (RFC 2971); empty for none
     */
    static boolean areGivenBy(String greeting, Capabilities offered, String named) {
        return !isNamed(greeting)
                && !isNamed(named)
                && offered.names().stream().noneMatch(UidStability::isCouriers);
    }

    private static boolean isNamed(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return NAMES.stream().anyMatch(lower::contains);
    }

    private static boolean isCouriers(String capability) {
        int value = capability.indexOf('=');
        return COURIER.contains(capability)
                || value > 0 && COURIER.contains(capability.substring(0, value));
    }
}
