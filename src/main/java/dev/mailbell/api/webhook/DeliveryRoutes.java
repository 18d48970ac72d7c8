package dev.mailbell.api.webhook;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.api.request.FieldErrors;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.Scope;
import dev.mailbell.delivery.log.DeliveryLog;
import dev.mailbell.delivery.log.DeliveryLog.Filter;
import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.delivery.log.LoggedDelivery.Status;
import dev.mailbell.webhook.WebhookStore;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** The routes of the delivery log: list, read, redeliver, recover. */
public final class DeliveryRoutes {
    private static final String STATUS_RULE =
            "must be one of " + String.join(", ", EnumNames.byName(Status.class).keySet());

    private final WebhookStore store;
    private final DeliveryLog log;
    private final WebhookOperations webhooks;

    public DeliveryRoutes(WebhookStore store, DeliveryLog log, WebhookOperations webhooks) {
        this.store = store;
        this.log = log;
        this.webhooks = webhooks;
    }

    public void addTo(Routes routes) {
        routes.get("/v1/webhooks/{id}/deliveries", Scope.WEBHOOKS_READ, this::list);
        routes.post("/v1/webhooks/{id}/recover", Scope.WEBHOOKS_WRITE, this::recover);
        routes.get("/v1/deliveries/{id}", Scope.WEBHOOKS_READ, this::read);
        routes.post("/v1/deliveries/{id}/redeliver", Scope.WEBHOOKS_WRITE, this::redeliver);
    }

    private void list(Context context) {
        Query query = Query.of(context);
        Status status = query.read("status", Status::ofWireName, STATUS_RULE).orElse(null);
        UUID account = query.id("account").orElse(null);
        Instant since = query.instant("since").orElse(null);
        Instant until = query.instant("until").orElse(null);
        if (since != null && until != null && !since.isBefore(until)) {
            query.error("until", "must be after since");
        }
        int limit = query.limit();
        UUID before = query.cursor().orElse(null);
        query.validate();
        UUID webhookId = webhookIdFromPath(context);
        List<LoggedDelivery> found =
                log.list(webhookId, new Filter(status, account, since, until), before, limit + 1);
        Responses.ok(context, Page.of(found, limit, LoggedDelivery::id, DeliveryView::of));
    }

    private UUID webhookIdFromPath(Context context) {
        return Uuids.parse(context.pathParam("id"))
                .flatMap(id -> store.find(AccessFilter.principal(context).clientId(), id))
                .orElseThrow(() ->
                        new ProblemException(Problem.notFound("there is no webhook with this id")))
                .id();
    }

    private LoggedDelivery fromPath(Context context) {
        return Uuids.parse(context.pathParam("id"))
                .flatMap(id -> log.find(AccessFilter.principal(context).clientId(), id))
                .orElseThrow(DeliveryRoutes::notFound);
    }

    private static ProblemException notFound() {
        return new ProblemException(
                Problem.notFound(
                        "there is no delivery with this id, or it is older than"
                                + " retention.deliveries"));
    }

    private void read(Context context) {
        Query.of(context).validate();
        LoggedDelivery delivery = fromPath(context);
        Responses.ok(context, DeliveryView.of(delivery, log.attempts(delivery.id())));
    }

    private void redeliver(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        LoggedDelivery delivery = fromPath(context);
        switch (log.redeliver(delivery.id())) {
            case PENDING -> {
                webhooks.changed(delivery.webhookId());
                Responses.json(context, 202, DeliveryView.of(fromPath(context)));
            }
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

    private record Recovered(long count) {}

    private void recover(Context context) {
        Query.of(context).validate();
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(Body.object(context), errors);
        fields.require("since");
        Instant since = fields.instant("since").orElse(Instant.EPOCH);
        fields.rejectUnknown();
        errors.throwIfAny();
        UUID webhookId = webhookIdFromPath(context);
        long count = log.recover(webhookId, since);
        if (count > 0) {
            webhooks.changed(webhookId);
        }
        Responses.json(context, 202, new Recovered(count));
    }
}
