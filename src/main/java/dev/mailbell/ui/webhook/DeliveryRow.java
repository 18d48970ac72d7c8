package dev.mailbell.ui.webhook;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A delivery in a list.
 *
 * @param type null when the event is no longer kept
 * @param subject the mailbox, or what else it is about
 * @param webhook what its webhook is called
 * @param answer the latest one, or why there is none
 */
public record DeliveryRow(
        String href,
        Instant at,
        @Nullable String type,
        String subject,
        String webhook,
        String webhookHref,
        @Nullable String accountHref,
        StateView status,
        int attempts,
        String answer) {}
