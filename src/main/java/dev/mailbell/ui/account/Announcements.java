package dev.mailbell.ui.account;

import dev.mailbell.account.Account;
import dev.mailbell.delivery.log.AccountDeliveries;
import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.ui.account.AccountView.DeliveryRow;
import dev.mailbell.ui.account.AccountView.EventRow;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.ShownUrl;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What was announced of an account, and to which webhooks. */
final class Announcements {
    private static final int EVENTS = 20;
    private static final int DELIVERIES = 100;
    private static final int WEBHOOKS = 500;
    private static final JsonMapper JSON = new JsonMapper();

    private final EventStore events;
    private final AccountDeliveries deliveries;
    private final WebhookStore webhooks;

    Announcements(EventStore events, AccountDeliveries deliveries, WebhookStore webhooks) {
        this.events = events;
        this.deliveries = deliveries;
        this.webhooks = webhooks;
    }

    List<Webhook> webhooks(Account account) {
        return webhooks.list(account.clientId(), null, WEBHOOKS);
    }

    List<LoggedDelivery> deliveries(Account account) {
        return deliveries.latest(account.clientId(), account.id(), DELIVERIES);
    }

    /**
     * @param sent the latest deliveries; null when the key may not see them
     */
    List<EventRow> events(
            PageRequest request, Account account, @Nullable List<LoggedDelivery> sent) {
        Map<UUID, List<DeliveryRow>> byEvent = new HashMap<>();
        if (sent != null) {
            Map<UUID, String> urls =
                    webhooks(account).stream()
                            .collect(
                                    Collectors.toMap(
                                            Webhook::id,
                                            webhook -> ShownUrl.of(webhook.url(), request)));
            sent.forEach(delivery ->
                    byEvent.computeIfAbsent(delivery.eventId(), id -> new ArrayList<>())
                            .add(row(delivery, urls)));
        }
        return events.latest(account.clientId(), null, account.id(), EVENTS).stream()
                .map(event ->
                        new EventRow(
                                event.createdAt(),
                                Words.of(event.type()),
                                what(event),
                                sent == null ? null : byEvent.getOrDefault(event.id(), List.of())))
                .toList();
    }

    private static DeliveryRow row(LoggedDelivery delivery, Map<UUID, String> urls) {
        return new DeliveryRow(
                "/ui/deliveries/" + delivery.id(),
                urls.getOrDefault(delivery.webhookId(), "a webhook"),
                Words.of(delivery.status()),
                delivery.attempts(),
                delivery.lastError());
    }

    private static String what(Event event) {
        JsonNode data;
        try {
            data = JSON.readTree(event.payload()).path("data");
        } catch (JacksonException e) {
            return "";
        }
        List<String> words = new ArrayList<>();
        text(data, "mailbox").ifPresent(words::add);
        if (data.path("newCount").isNumber()) {
            words.add(Words.messages(data.path("newCount").longValue()) + " new");
        }
        for (JsonNode envelope : data.path("envelopes")) {
            text(envelope, "subject")
                    .ifPresent(subject -> words.add("\u201c" + subject + "\u201d"));
        }
        text(data.path("failure"), "message").ifPresent(words::add);
        return String.join(" · ", words);
    }

    private static Optional<String> text(JsonNode node, String name) {
        JsonNode value = node.path(name);
        return value.isString() && !value.stringValue().isEmpty()
                ? Optional.of(value.stringValue())
                : Optional.empty();
    }
}
