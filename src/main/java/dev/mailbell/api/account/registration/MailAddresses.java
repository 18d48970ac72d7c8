package dev.mailbell.api.account.registration;

import dev.mailbell.network.Host;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Mail addresses, {@code local@domain}; the local part may be in any script (RFC 6531). */
final class MailAddresses {
    static final int MAX_LENGTH = 254;
    private static final int MAX_LOCAL_BYTES = 64;

    private MailAddresses() {}

    static Optional<String> errorOf(String address) {
        int at = address.lastIndexOf('@');
        if (at < 1 || at == address.length() - 1) {
            return Optional.of("must be a mail address, local@domain");
        }
        String local = address.substring(0, at);
        if (address.codePoints().anyMatch(c -> Character.isWhitespace(c) || c == '<' || c == '>')) {
            return Optional.of("must be a bare mail address, without spaces and angle brackets");
        }
        if (local.indexOf('@') >= 0 && !(local.startsWith("\"") && local.endsWith("\""))) {
            return Optional.of("must have one @");
        }
        if (local.getBytes(StandardCharsets.UTF_8).length > MAX_LOCAL_BYTES) {
            return Optional.of("must have at most 64 bytes before the @ (RFC 5321)");
        }
        try {
            Host.of(domain(address));
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of("must have a host name after the @");
        }
    }

    static String domain(String address) {
        return address.substring(address.lastIndexOf('@') + 1);
    }
}
