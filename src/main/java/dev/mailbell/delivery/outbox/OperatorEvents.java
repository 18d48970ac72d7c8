package dev.mailbell.delivery.outbox;

import dev.mailbell.client.ClientStore;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.Ids;
import java.util.Map;
import java.util.Optional;

/** The events of the operator's client that repeat those of other clients. */
public final class OperatorEvents {
    private OperatorEvents() {}

    /**
     * The same event for the operator: it also names the client.
     *
     * @return empty for an event that is the operator's already
     */
    public static Optional<NewEvent> copyOf(NewEvent added) {
        Event event = added.event();
        if (event.clientId().equals(ClientStore.OPERATOR)) {
            return Optional.empty();
        }
        Event copy =
                new Event(
                        Ids.next(),
                        ClientStore.OPERATOR,
                        event.accountId(),
                        event.type(),
                        event.createdAt(),
                        EventPayloads.forOperator(event.payload(), event.clientId()));
        // Labels are the client's own words: they do not select among the operator's webhooks.
        return Optional.of(new NewEvent(copy, added.mailbox(), added.shard(), Map.of(), null));
    }
}
