package dev.mailbell.watch.check;

import org.jspecify.annotations.Nullable;

/**
 * What one check of a mailbox found.
 *
 * @param reset whether counting began anew because the UIDs are not valid any more
 */
public record CheckedMailbox(
        String name,
        int newCount,
        @Nullable Integer pendingCount,
        int total,
        boolean reset,
        boolean approximate) {}
