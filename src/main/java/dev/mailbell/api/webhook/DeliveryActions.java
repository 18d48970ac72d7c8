package dev.mailbell.api.webhook;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.delivery.log.DeliveryLog;
import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.webhook.Webhook;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What is done with deliveries: find, send again. */
public final class DeliveryActions {
    private final DeliveryLog log;
    private final WebhookOperations webhooks;

    public DeliveryActions(DeliveryLog log, WebhookOperations webhooks) {
        this.log = log;
        this.webhooks = webhooks;
    }

    /**
     * The delivery to a webhook of a client.
     *
     * @param clientId null for any
     */
    public Optional<LoggedDelivery> find(@Nullable UUID clientId, UUID id) {
        return log.find(clientId, id);
    }

    static ProblemException notFound() {
        return new ProblemException(
                Problem.notFound(
                        "there is no delivery with this id, or it is older than"
                                + " retention.deliveries"));
    }

    /**
     * Makes a delivery due now.
     *
     * @throws ProblemException 409 when there is nothing to send
     */
    public void redeliver(LoggedDelivery delivery) {
        switch (log.redeliver(delivery.id())) {
            case PENDING -> webhooks.changed(delivery.webhookId());
            case SUPERSEDED ->
                    throw new ProblemException(
                            Problem.conflict(
                                    "superseded",
                                    "this delivery was merged into a later one of its mailbox,"
                                            + " which carries its count; redeliver that one"));
            case EVENT_EXPIRED ->
                    throw new ProblemException(
                            Problem.conflict(
                                    "event-gone",
                                    "the event of this delivery is older than retention.events;"
                                            + " there is nothing left to send"));
            case NOT_FOUND -> throw notFound();
        }
    }

    /** Makes the deliveries due that failed since a time; returns how many they are. */
    public long recover(Webhook webhook, Instant since) {
        long count = log.recover(webhook.id(), since);
        if (count > 0) {
            webhooks.changed(webhook.id());
        }
        return count;
    }
}
