package dev.mailbell.ui.webhook;

import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.api.webhook.DeliveryActions;
import dev.mailbell.client.Scope;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.DeliveryFilter;
import dev.mailbell.delivery.log.DeliveryLog;
import dev.mailbell.delivery.log.DeliverySearch;
import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.delivery.log.LoggedDelivery.Status;
import dev.mailbell.event.EventType;
import dev.mailbell.ui.client.ClientChoice;
import dev.mailbell.ui.client.ClientChoice.Offered;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookList;
import dev.mailbell.webhook.WebhookStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** The pages of the delivery log: the list with filters, and one delivery with its attempts. */
final class DeliveryPages {
    private static final String LIST = "/ui/deliveries";
    private static final String ONE = LIST + "/{id}";
    private static final int PAGE = 50;
    private static final int MAX_OFFERED = 200;

    private final ClientChoice choice;
    private final WebhookStore webhooks;
    private final WebhookList list;
    private final DeliverySearch search;
    private final DeliveryLog log;
    private final DeliveryActions actions;
    private final DeliveryRows rows;

    DeliveryPages(
            ClientChoice choice,
            WebhookStore webhooks,
            WebhookList list,
            DeliverySearch search,
            DeliveryLog log,
            DeliveryActions actions,
            DeliveryRows rows) {
        this.choice = choice;
        this.webhooks = webhooks;
        this.list = list;
        this.search = search;
        this.log = log;
        this.actions = actions;
        this.rows = rows;
    }

    void addTo(Pages pages) {
        pages.entry("Deliveries", LIST, Scope.WEBHOOKS_READ);
        pages.get(LIST, Scope.WEBHOOKS_READ, this::list);
        pages.get(ONE, Scope.WEBHOOKS_READ, this::show);
        pages.post(ONE + "/redeliver", Scope.WEBHOOKS_WRITE, this::redeliver);
    }

    private void list(PageRequest request) {
        DeliveryFields fields = new DeliveryFields(request);
        DeliveryFilter filter = fields.filter();
        UUID client =
                fields.faults().containsKey("client") ? choice.limit(request) : choice.of(request);
        UUID before = request.query("before").flatMap(Uuids::parse).orElse(null);
        List<Offered> offered = offered(client);
        if (client != null
                && filter.webhookId() == null
                && filter.accountId() == null
                && webhooks.count(client) > DeliverySearch.MAX_WEBHOOKS) {
            fields.faults().put("webhook", "There are too many webhooks: give the id of one.");
        }
        DeliverySearch.Found found =
                fields.faults().isEmpty()
                        ? search.find(client, filter, before, PAGE)
                        : new DeliverySearch.Found(List.of(), null);
        request.show(
                fields.faults().isEmpty() ? 200 : 422,
                "webhook/deliveries",
                "Deliveries",
                new DeliveryListView(
                        fields.given(),
                        fields.faults(),
                        choice.offered(request),
                        offered,
                        selected(client, filter.webhookId()).map(WebhookName::of).orElse(null),
                        Stream.of(Status.values()).map(Status::wireName).toList(),
                        Stream.of(EventType.values()).map(EventType::wireName).toList(),
                        rows.of(found.deliveries(), request.may(Scope.ACCOUNTS_READ)),
                        found.next() == null
                                ? null
                                : LIST + "?" + fields.query() + "before=" + found.next(),
                        found.next() != null && found.deliveries().size() < PAGE));
    }

    private Optional<Webhook> selected(@Nullable UUID client, @Nullable UUID webhook) {
        if (webhook == null) {
            return Optional.empty();
        }
        return client == null ? webhooks.find(webhook) : webhooks.find(client, webhook);
    }

    /** The webhooks of a client, unless there are too many for a list. */
    private List<Offered> offered(@Nullable UUID client) {
        List<Webhook> found = list.newest(client, null, null, MAX_OFFERED + 1);
        return found.size() > MAX_OFFERED
                ? List.of()
                : found.stream()
                        .map(webhook -> new Offered(webhook.id(), WebhookName.of(webhook)))
                        .toList();
    }

    private LoggedDelivery delivery(PageRequest request) {
        LoggedDelivery delivery =
                actions.find(choice.limit(request), request.id("id"))
                        .orElseThrow(() ->
                                request.notFound(
                                        "there is no delivery with this id, or it is no longer"
                                                + " kept"));
        webhooks.find(delivery.webhookId())
                .ifPresent(webhook -> choice.audited(request, webhook.clientId()));
        return delivery;
    }

    private void show(PageRequest request) {
        LoggedDelivery delivery = delivery(request);
        Webhook webhook =
                webhooks.find(delivery.webhookId())
                        .orElseThrow(() -> request.notFound("its webhook was removed"));
        DeliveryRow row = rows.of(List.of(delivery), request.may(Scope.ACCOUNTS_READ)).getFirst();
        boolean mayRead = request.may(Scope.EVENTS_READ);
        String body = mayRead ? log.body(delivery.id()).orElse(null) : null;
        List<AttemptRow> attempts = new ArrayList<>();
        for (Attempt attempt : log.attempts(delivery.id())) {
            attempts.add(AttemptRow.of(attempts.size() + 1, attempt));
        }
        request.show(
                "webhook/delivery",
                "Delivery",
                new DeliveryView(
                        delivery.id().toString(),
                        row.status(),
                        delivery.eventType(),
                        row.subject().isEmpty() ? null : row.subject(),
                        row.accountHref(),
                        WebhookName.of(webhook),
                        row.webhookHref(),
                        choice.names(request, List.of(webhook.clientId())).get(webhook.clientId()),
                        delivery.createdAt(),
                        delivery.completedAt(),
                        delivery.nextAttemptAt(),
                        explanation(delivery, webhook),
                        body == null ? null : formatted(body),
                        body,
                        hidden(mayRead, body),
                        attempts.reversed(),
                        delivery.attempts(),
                        request.may(Scope.WEBHOOKS_WRITE)
                                && delivery.status() != Status.SUPERSEDED));
    }

    private static @Nullable String hidden(boolean mayRead, @Nullable String body) {
        if (!mayRead) {
            return "Your key may not read events.";
        }
        return body == null ? "Its event is no longer kept." : null;
    }

    private static String explanation(LoggedDelivery delivery, Webhook webhook) {
        return switch (delivery.status()) {
            case DELIVERED -> "The receiver took it.";
            case SUPERSEDED ->
                    "It was never sent: a later delivery of its mailbox carries its count.";
            case FAILED -> "It was given up after the last attempt, or because it became too old.";
            case PENDING ->
                    webhook.state() == Webhook.State.DISABLED
                            ? "It waits until the webhook is enabled again."
                            : delivery.attempts() == 0 ? "It is to be sent." : "It is tried again.";
        };
    }

    private static String formatted(String body) {
        try {
            return Json.MAPPER.readTree(body).toPrettyString();
        } catch (JacksonException notJson) {
            return body;
        }
    }

    private void redeliver(PageRequest request) {
        LoggedDelivery delivery = delivery(request);
        actions.redeliver(delivery);
        request.redirect(
                LIST + "/" + delivery.id(), "It is sent again, under the same webhook-id.");
    }
}
