package dev.mailbell.mail;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The outside of a message, decoded (RFC 2047); never a body.
 *
 * @param uid the message's UID in the protocol's own spelling
 * @param date the Date header; null when absent or unreadable
 */
public record Envelope(
        String uid, @Nullable String from, @Nullable String subject, @Nullable Instant date) {}
