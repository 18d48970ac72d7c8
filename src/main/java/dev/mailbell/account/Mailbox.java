package dev.mailbell.account;

import dev.mailbell.detection.MailboxState;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One mailbox of an account, as stored.
 *
 * @param name in Unicode
 * @param version rises with every write; a check's result is recorded only over the version it
 *     started from
 * @param lastCheckedAt when something last changed in it; null before the baseline
 */
public record Mailbox(
        UUID accountId,
        String name,
        long version,
        MailboxState state,
        @Nullable Instant lastCheckedAt) {}
