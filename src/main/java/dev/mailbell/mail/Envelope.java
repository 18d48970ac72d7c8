package dev.mailbell.mail;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Sender, subject and date of a message, decoded (RFC 2047); never its body.
 *
 * @param uid the message's UID as the protocol writes it
 * @param date the Date header; null when absent or unreadable
 */
public record Envelope(
        String uid, @Nullable String from, @Nullable String subject, @Nullable Instant date) {}
