package dev.mailbell.mail.smtp;

import java.nio.file.Path;
import java.util.List;

/**
 * A message to send.
 *
 * @param from an address, {@code name@example.org} or {@code Name <name@example.org>}
 * @param to one to 100 addresses in the same form
 * @param subject any text without control characters
 * @param text the body, sent as text/plain in UTF-8
 * @param attachments files, which are read while they are sent
 */
public record OutgoingMail(
        String from, List<String> to, String subject, String text, List<Path> attachments) {
    public OutgoingMail {
        to = List.copyOf(to);
        attachments = List.copyOf(attachments);
    }
}
