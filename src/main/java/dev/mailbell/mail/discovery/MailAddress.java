package dev.mailbell.mail.discovery;

import dev.mailbell.network.Host;
import java.util.Optional;

/**
 * A mail address in its parts.
 *
 * @param text as written
 * @param local the part before the last {@code @}
 * @param domain the part after it: a name of at least two labels, IDNs in ASCII form
 */
record MailAddress(String text, String local, String domain) {

    /** Empty when the text has no local part, no domain, or a control character. */
    static Optional<MailAddress> of(String text) {
        int at = text.lastIndexOf('@');
        if (at < 1 || text.chars().anyMatch(Character::isISOControl)) {
            return Optional.empty();
        }
        return domain(text.substring(at + 1))
                .map(domain -> new MailAddress(text, text.substring(0, at), domain));
    }

    private static Optional<String> domain(String text) {
        try {
            Host host = Host.of(text);
            return host.literal().isEmpty() && host.toString().contains(".")
                    ? Optional.of(host.toString())
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
