package dev.mailbell.mail.pop3;

import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.text.HeaderText;
import dev.mailbell.mail.text.ServerText;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.InternetHeaders;
import java.io.ByteArrayInputStream;
import java.io.UnsupportedEncodingException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Parses the envelope in a header (RFC 5322, RFC 2047); tolerates malformed ones. */
final class HeaderParser {
    private static final int LIMIT = 998;

    private HeaderParser() {}

    static Envelope parse(String uid, byte[] header) {
        InternetHeaders headers;
        try {
            // The octets unchanged; those that are not ASCII are decoded below.
            headers = new InternetHeaders(new ByteArrayInputStream(header), false);
        } catch (MessagingException e) {
            return new Envelope(uid, null, null, null);
        }
        return new Envelope(
                uid,
                from(headers.getHeader("From", ",")),
                text(headers.getHeader("Subject", null)),
                date(headers.getHeader("Date", null)));
    }

    /** The Message-ID (RFC 5322, section 3.6.4), 255 characters at most. */
    static Optional<String> messageId(byte[] header) {
        try {
            InternetHeaders headers = new InternetHeaders(new ByteArrayInputStream(header), false);
            return Optional.ofNullable(headers.getHeader("Message-ID", null))
                    .map(value -> ServerText.oneLine(value, 255).strip())
                    .filter(value -> !value.isEmpty());
        } catch (MessagingException e) {
            return Optional.empty();
        }
    }

    private static @Nullable String from(@Nullable String value) {
        if (value == null) {
            return null;
        }
        try {
            // Parsed before it is decoded, because an encoded word may contain a comma.
            InternetAddress[] addresses = InternetAddress.parseHeader(value, false);
            return shown(
                    Arrays.stream(addresses)
                            .map(HeaderParser::decoded)
                            .collect(Collectors.joining(", ")));
        } catch (AddressException e) {
            return text(value);
        }
    }

    /** An address with its decoded display name. */
    private static String decoded(InternetAddress address) {
        String encoded = address.toString();
        String mailbox = " <" + address.getAddress() + ">";
        if (!encoded.endsWith(mailbox)) {
            return ServerText.decode(address.toUnicodeString());
        }
        String phrase = encoded.substring(0, encoded.length() - mailbox.length());
        boolean quoted = phrase.length() > 1 && phrase.startsWith("\"") && phrase.endsWith("\"");
        String name =
                quoted
                        ? phrase.substring(1, phrase.length() - 1).replaceAll("\\\\(.)", "$1")
                        : phrase;
        try {
            return new InternetAddress(
                            ServerText.decode(address.getAddress()),
                            HeaderText.decoded(name).orElse(null),
                            "UTF-8")
                    .toUnicodeString();
        } catch (UnsupportedEncodingException e) {
            throw new IllegalStateException("a JVM without UTF-8", e);
        }
    }

    private static @Nullable String text(@Nullable String latin1) {
        return latin1 == null ? null : HeaderText.decoded(latin1).orElse(null);
    }

    private static @Nullable String shown(String decoded) {
        return HeaderText.shown(decoded).orElse(null);
    }

    private static @Nullable Instant date(@Nullable String value) {
        return value == null ? null : HeaderText.date(value).orElse(null);
    }
}
