package dev.mailbell.api.webhook;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.Scope;
import dev.mailbell.delivery.log.ActivityTable;
import dev.mailbell.webhook.Webhook;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The route of a webhook's activity: success rate and durations over time. */
public final class ActivityRoute {
    private static final int MAX_STEPS = 500;
    private static final Duration DEFAULT_RANGE = Duration.ofHours(24);
    private static final Map<String, Duration> STEPS = new LinkedHashMap<>();

    static {
        STEPS.put("PT10M", ActivityTable.SLOT);
        STEPS.put("PT1H", Duration.ofHours(1));
        STEPS.put("PT6H", Duration.ofHours(6));
        STEPS.put("P1D", Duration.ofDays(1));
    }

    private final WebhookActions webhooks;
    private final ActivityTable activity;
    private final InstantSource clock;

    public ActivityRoute(WebhookActions webhooks, ActivityTable activity, InstantSource clock) {
        this.webhooks = webhooks;
        this.activity = activity;
        this.clock = clock;
    }

    public void addTo(Routes routes) {
        routes.get("/v1/webhooks/{id}/activity", Scope.WEBHOOKS_READ, this::read);
    }

    private void read(Context context) {
        Query query = Query.of(context);
        Duration step =
                query.read(
                                "step",
                                text -> Optional.ofNullable(STEPS.get(text)),
                                "must be one of " + String.join(", ", STEPS.keySet()))
                        .orElse(ActivityTable.SLOT);
        Instant until =
                query.instant("until")
                        .orElseGet(() -> clock.instant().truncatedTo(ChronoUnit.MILLIS));
        Instant since = query.instant("since").orElseGet(() -> until.minus(DEFAULT_RANGE));
        if (!since.isBefore(until)) {
            query.error("until", "must be after since");
        } else if (since.isBefore(until.minus(step.multipliedBy(MAX_STEPS)))) {
            query.error(
                    "since",
                    "is more than " + MAX_STEPS + " steps before until; take a longer step");
        }
        query.validate();
        Webhook webhook =
                Uuids.parse(context.pathParam("id"))
                        .flatMap(
                                id -> webhooks.find(AccessFilter.principal(context).clientId(), id))
                        .orElseThrow(WebhookActions::notFound);
        Responses.ok(
                context,
                ActivityView.of(
                        ActivityTable.slotOf(since, step),
                        until,
                        step,
                        activity.pending(webhook.id()),
                        activity.of(webhook.id(), since, until, step)));
    }
}
