package dev.mailbell.mail.smtp;

import dev.mailbell.mail.text.ServerText;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.io.UnsupportedEncodingException;
import java.net.IDN;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the addresses of a message and refuses what could become another header or command. */
final class MailAddresses {
    private static final int MAX_RECIPIENTS = 100;

    /** RFC 5321, section 4.5.3.1.3, without the angle brackets. */
    private static final int MAX_OCTETS = 254;

    private MailAddresses() {}

    static List<InternetAddress> recipients(List<String> texts) {
        if (texts.isEmpty() || texts.size() > MAX_RECIPIENTS) {
            throw new IllegalArgumentException(
                    "a message has 1 to " + MAX_RECIPIENTS + " recipients, not " + texts.size());
        }
        return texts.stream().map(MailAddresses::one).toList();
    }

    /**
     * One address with an internationalised domain in its ASCII form.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    static InternetAddress one(String text) {
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(
                    "an address has no control characters or line breaks: " + printable(text));
        }
        try {
            InternetAddress[] parsed = InternetAddress.parse(text, true);
            // What stands behind the address would be dropped.
            boolean endsWithIt = text.indexOf('<') < 0 || text.strip().endsWith(">");
            if (parsed.length != 1 || parsed[0].isGroup() || !endsWithIt) {
                throw notAnAddress(text, null);
            }
            InternetAddress result =
                    new InternetAddress(
                            withAsciiDomain(text, parsed[0].getAddress()),
                            parsed[0].getPersonal(),
                            StandardCharsets.UTF_8.name());
            result.validate();
            return result;
        } catch (AddressException | UnsupportedEncodingException e) {
            throw notAnAddress(text, e);
        }
    }

    private static String withAsciiDomain(String text, String address) {
        int at = address.lastIndexOf('@');
        String domain = address.substring(at + 1);
        if (at < 1
                || domain.isEmpty()
                || address.chars().anyMatch(c -> c == '<' || c == '>' || c == ' ')
                || address.getBytes(StandardCharsets.UTF_8).length > MAX_OCTETS) {
            throw notAnAddress(text, null);
        }
        try {
            return address.substring(0, at + 1)
                    + (domain.startsWith("[") ? domain : IDN.toASCII(domain));
        } catch (IllegalArgumentException e) {
            throw notAnAddress(text, e);
        }
    }

    /** Whether the part before the @ needs SMTPUTF8 (RFC 6531). */
    static boolean needsUtf8(InternetAddress address) {
        return address.getAddress().chars().anyMatch(c -> c > 127);
    }

    /** The part after the @. */
    static String domain(InternetAddress address) {
        return address.getAddress().substring(address.getAddress().lastIndexOf('@') + 1);
    }

    private static IllegalArgumentException notAnAddress(String text, @Nullable Exception cause) {
        return new IllegalArgumentException(
                "\"" + printable(text) + "\" is not a mail address such as name@example.org",
                cause);
    }

    private static String printable(String text) {
        return ServerText.oneLine(text, 100);
    }
}
