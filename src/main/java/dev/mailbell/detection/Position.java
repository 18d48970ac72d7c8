package dev.mailbell.detection;

import org.jspecify.annotations.Nullable;

/**
 * How far a client has fetched a mailbox, as it last reported.
 *
 * @param maxId the highest message number that it covered at that time
 * @param uid the UID up to which the client has everything; null when it reported "all" of an empty
 *     mailbox
 * @param uidValidity IMAP: the UIDVALIDITY the UID belongs to; null for POP3
 */
public record Position(int maxId, @Nullable String uid, @Nullable Long uidValidity) {}
