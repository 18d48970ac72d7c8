package dev.mailbell.delivery.outbox;

import dev.mailbell.event.Event;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event to write and deliver.
 *
 * @param mailbox its mailbox, whose deliveries keep their order; null for none
 * @param shard the shard of the account
 * @param labels the labels of the account
 * @param newCount the number of new messages; null for an event that does not merge with others
 */
public record NewEvent(
        Event event,
        @Nullable String mailbox,
        int shard,
        Map<String, String> labels,
        @Nullable Integer newCount) {}
