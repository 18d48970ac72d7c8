package dev.mailbell.ui.webhook;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes the rows of deliveries, with the names of webhooks and accounts. */
final class DeliveryRows {
    private final WebhookStore webhooks;
    private final AccountStore accounts;

    DeliveryRows(WebhookStore webhooks, AccountStore accounts) {
        this.webhooks = webhooks;
        this.accounts = accounts;
    }

    /**
     * @param named whether accounts are named: who may not read them sees their ids
     */
    List<DeliveryRow> of(List<LoggedDelivery> deliveries, boolean named) {
        Map<UUID, Optional<Webhook>> known = new HashMap<>();
        Map<UUID, String> addresses = new HashMap<>();
        return deliveries.stream()
                .map(delivery -> {
                    Optional<Webhook> webhook =
                            known.computeIfAbsent(delivery.webhookId(), webhooks::find);
                    return row(
                            delivery,
                            webhook.map(WebhookName::of).orElse("removed"),
                            named
                                    ? address(
                                            webhook.map(Webhook::clientId).orElse(null),
                                            delivery.accountId(),
                                            addresses)
                                    : delivery.accountId() == null
                                            ? ""
                                            : delivery.accountId().toString(),
                            named);
                })
                .toList();
    }

    private String address(
            @Nullable UUID clientId, @Nullable UUID accountId, Map<UUID, String> known) {
        if (clientId == null || accountId == null) {
            return "";
        }
        return known.computeIfAbsent(
                accountId,
                id ->
                        accounts.find(clientId, id)
                                .map(Account::address)
                                .orElse("a removed account"));
    }

    private static DeliveryRow row(
            LoggedDelivery delivery, String webhook, String address, boolean linked) {
        String mailbox = delivery.mailbox();
        UUID account = delivery.accountId();
        return new DeliveryRow(
                "/ui/deliveries/" + delivery.id(),
                delivery.createdAt(),
                delivery.eventType(),
                mailbox == null ? address : address + " · " + mailbox,
                webhook,
                "/ui/webhooks/" + delivery.webhookId(),
                account == null || !linked ? null : "/ui/accounts/" + account,
                StateView.of(delivery.status()),
                delivery.attempts(),
                answer(delivery));
    }

    static String answer(LoggedDelivery delivery) {
        Integer code = delivery.lastStatus();
        if (code != null) {
            return code.toString();
        }
        return delivery.lastError() == null ? "" : delivery.lastError();
    }
}
