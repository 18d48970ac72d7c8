package dev.mailbell.ui.webhook;

import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.api.webhook.DeliveryActions;
import dev.mailbell.api.webhook.WebhookActions;
import dev.mailbell.client.Scope;
import dev.mailbell.delivery.log.Activity;
import dev.mailbell.delivery.log.ActivityTable;
import dev.mailbell.delivery.log.DeliveryFilter;
import dev.mailbell.delivery.log.DeliverySearch;
import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.ui.client.ClientChoice;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.ui.page.Show;
import dev.mailbell.ui.page.ShownUrl;
import dev.mailbell.ui.page.Times;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookList;
import dev.mailbell.webhook.WebhookStore;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The pages of webhooks: the list, and one with its health, its log and its actions. */
final class WebhookPages {
    private static final String LIST = "/ui/webhooks";
    private static final String ONE = LIST + "/{id}";
    private static final int PAGE = 50;
    private static final int LATEST = 10;
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration FORTNIGHT = Duration.ofDays(14);
    private static final Duration LONG_STEP = Duration.ofHours(6);

    private final Parts parts;
    private final DeliveryRows rows;

    /** What the pages show and act on. */
    record Parts(
            ClientChoice choice,
            WebhookStore store,
            WebhookList list,
            WebhookActions actions,
            ActivityTable activity,
            DeliverySearch search,
            DeliveryActions deliveries,
            DeliveryRows rows) {}

    WebhookPages(Parts parts) {
        this.parts = parts;
        this.rows = parts.rows();
    }

    void addTo(Pages pages) {
        pages.entry("Webhooks", LIST, Scope.WEBHOOKS_READ);
        pages.get(LIST, Scope.WEBHOOKS_READ, this::list);
        pages.get(ONE, Scope.WEBHOOKS_READ, request -> show(request, webhook(request)));
        pages.post(ONE + "/test", Scope.WEBHOOKS_WRITE, this::test);
        pages.post(ONE + "/enable", Scope.WEBHOOKS_WRITE, request -> set(request, State.ENABLED));
        pages.post(ONE + "/disable", Scope.WEBHOOKS_WRITE, request -> set(request, State.DISABLED));
        pages.post(ONE + "/rotate", Scope.WEBHOOKS_WRITE, this::rotate);
        pages.post(ONE + "/recover", Scope.WEBHOOKS_WRITE, this::recover);
    }

    private void list(PageRequest request) {
        UUID client = parts.choice().of(request);
        State state =
                request.query("state")
                        .flatMap(name ->
                                Arrays.stream(State.values())
                                        .filter(it -> it.wireName().equals(name))
                                        .findFirst())
                        .orElse(null);
        UUID before = request.query("before").flatMap(Uuids::parse).orElse(null);
        List<Webhook> found = parts.list().newest(client, state, before, PAGE + 1);
        List<Webhook> shown = found.subList(0, Math.min(PAGE, found.size()));
        Map<UUID, Activity> activity =
                parts.activity()
                        .totals(shown.stream().map(Webhook::id).toList(), request.now().minus(DAY));
        Map<UUID, String> names =
                parts.choice()
                        .names(request, shown.stream().map(Webhook::clientId).distinct().toList());
        String stateName = state == null ? "" : state.wireName();
        String clientName = request.isOperator() && client != null ? client.toString() : "";
        request.show(
                "webhook/list",
                "Webhooks",
                new WebhookListView(
                        stateName,
                        clientName,
                        parts.choice().offered(request),
                        shown.stream()
                                .map(webhook ->
                                        row(
                                                webhook,
                                                names.get(webhook.clientId()),
                                                activity.get(webhook.id())))
                                .toList(),
                        found.size() > PAGE
                                ? LIST
                                        + "?state="
                                        + stateName
                                        + "&client="
                                        + clientName
                                        + "&before="
                                        + shown.getLast().id()
                                : null));
    }

    private static WebhookListView.Row row(
            Webhook webhook, @Nullable String client, @Nullable Activity activity) {
        return new WebhookListView.Row(
                LIST + "/" + webhook.id(),
                WebhookName.of(webhook),
                WebhookName.host(webhook),
                client,
                StateView.of(webhook.state()),
                Show.count(activity == null ? 0 : activity.attempts()),
                Activities.rate(activity),
                Activities.rateKind(activity),
                Activities.quantile(activity, 0.5),
                Activities.quantile(activity, 0.95));
    }

    /** The webhook of the path, among those that the sender sees. */
    private Webhook webhook(PageRequest request) {
        UUID limit = parts.choice().limit(request);
        UUID id = request.id("id");
        Optional<Webhook> found =
                limit == null ? parts.store().find(id) : parts.store().find(limit, id);
        Webhook webhook =
                found.orElseThrow(() -> request.notFound("there is no webhook with this id"));
        parts.choice().audited(request, webhook.clientId());
        return webhook;
    }

    private void show(PageRequest request, Webhook webhook) {
        show(request, webhook, 200, null);
    }

    private void show(PageRequest request, Webhook webhook, int status, @Nullable String fault) {
        boolean fortnight = request.query("range").filter("fortnight"::equals).isPresent();
        Instant now = request.now();
        Duration step = fortnight ? LONG_STEP : ActivityTable.SLOT;
        Instant since = now.minus(fortnight ? FORTNIGHT : DAY);
        ActivityCharts charts =
                new ActivityCharts(
                        parts.activity().of(webhook.id(), since, now, step), since, now, step);
        Activity total = charts.total();
        ActivityTable.Pending pending = parts.activity().pending(webhook.id());
        request.show(
                status,
                "webhook/one",
                WebhookName.of(webhook),
                new WebhookView(
                        webhook.id().toString(),
                        WebhookName.of(webhook),
                        ShownUrl.of(webhook.url(), request),
                        parts.choice()
                                .names(request, List.of(webhook.clientId()))
                                .get(webhook.clientId()),
                        StateView.of(webhook.state()),
                        webhook.state() == State.ENABLED,
                        webhook.events(),
                        selects(webhook),
                        webhook.createdAt(),
                        webhook.health().failingSince(),
                        webhook.health().failures(),
                        webhook.health().lastError(),
                        webhook.health().waitsUntil(now),
                        pending.count() == ActivityTable.MAX_PENDING
                                ? Show.count(pending.count()) + " or more"
                                : Show.count(pending.count()),
                        pending.oldest(),
                        fortnight,
                        Activities.rate(total),
                        Activities.rateKind(total),
                        Show.count(total.attempts()),
                        Activities.quantile(total, 0.5),
                        Activities.quantile(total, 0.95),
                        total.attempts() == 0 ? List.of() : charts.all(),
                        rows.of(latest(webhook), request.may(Scope.ACCOUNTS_READ)),
                        request.may(Scope.WEBHOOKS_WRITE),
                        Times.field(
                                webhook.health().failingSince() == null
                                        ? now.minus(DAY)
                                        : webhook.health().failingSince()),
                        fault));
    }

    private List<LoggedDelivery> latest(Webhook webhook) {
        return parts.search()
                .find(webhook.clientId(), DeliveryFilter.ALL.of(webhook.id()), null, LATEST)
                .deliveries();
    }

    private static String selects(Webhook webhook) {
        List<UUID> accounts = webhook.accounts();
        String which =
                accounts == null
                        ? "all accounts"
                        : Show.count(accounts.size(), "account", "accounts");
        return webhook.labels().isEmpty()
                ? which
                : which
                        + " with "
                        + webhook.labels().entrySet().stream()
                                .sorted(Map.Entry.comparingByKey())
                                .map(label -> label.getKey() + " = " + label.getValue())
                                .collect(Collectors.joining(", "));
    }

    private void test(PageRequest request) {
        Webhook webhook = webhook(request);
        request.show(
                "webhook/test",
                "Test of " + WebhookName.of(webhook),
                new TestView(
                        LIST + "/" + webhook.id(),
                        WebhookName.of(webhook),
                        AttemptRow.of(1, parts.actions().test(webhook))));
    }

    private void set(PageRequest request, State state) {
        Webhook webhook = webhook(request);
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.put("state", state.wireName());
        parts.actions().change(webhook, patch);
        request.redirect(
                LIST + "/" + webhook.id(),
                state == State.ENABLED
                        ? "Enabled: what waits is sent now."
                        : "Disabled: nothing is sent, and deliveries wait.");
    }

    private void rotate(PageRequest request) {
        WebhookActions.Rotated rotated = parts.actions().rotate(webhook(request));
        request.show(
                "webhook/secret",
                "New secret",
                new SecretView(
                        LIST + "/" + rotated.webhook().id(),
                        WebhookName.of(rotated.webhook()),
                        rotated.secret().reveal(),
                        rotated.previousUntil()));
    }

    private void recover(PageRequest request) {
        Webhook webhook = webhook(request);
        Optional<Instant> since = request.form().text("since").flatMap(Times::parse);
        if (since.isEmpty()) {
            show(request, webhook, 422, "Give a date and a time, as in 2026-11-20 10:00.");
            return;
        }
        long count = parts.deliveries().recover(webhook, since.get());
        request.redirect(
                LIST + "/" + webhook.id(),
                count == 0
                        ? "No delivery has failed for good since then."
                        : Show.count(count, "delivery is", "deliveries are") + " sent again.");
    }
}
