package dev.mailbell.delivery.outbox;

import dev.mailbell.event.Event;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event that is to be written and delivered.
 *
 * @param mailbox the mailbox it is about; deliveries of one mailbox keep their order; null for none
 * @param shard the share of the accounts it belongs to
 * @param labels the account's
 * @param newCount the new messages it announces, by which later ones may merge with it; null for an
 *     event that announces none
 */
public record NewEvent(
        Event event,
        @Nullable String mailbox,
        int shard,
        Map<String, String> labels,
        @Nullable Integer newCount) {}
