package dev.mailbell;

import dev.mailbell.api.webhook.WebhookOperations;
import dev.mailbell.delivery.Deliveries;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.webhook.Webhook;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Set;
import java.util.UUID;

/** Passes the API's calls on to delivery. */
record DeliveryOperations(Deliveries deliveries) implements WebhookOperations {
    @Override
    public void changed(UUID id) {
        deliveries.webhookChanged(id);
    }

    @Override
    public void disabled(Collection<UUID> ids) {
        deliveries.webhooksDisabled(ids);
    }

    @Override
    public void accountRemoved(UUID accountId) {
        deliveries.forgetAccounts(Set.of(accountId));
    }

    @Override
    public Duration longestPost() {
        return deliveries.longestPost();
    }

    @Override
    public Instant now() {
        return deliveries.now();
    }

    @Override
    public Attempt test(Webhook webhook) {
        return deliveries.test(webhook);
    }
}
