package dev.mailbell.api.webhook;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.Scope;
import dev.mailbell.delivery.log.AnswerCode;
import dev.mailbell.delivery.log.DeliveryFilter;
import dev.mailbell.delivery.log.DeliveryLog;
import dev.mailbell.delivery.log.DeliverySearch;
import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.delivery.log.LoggedDelivery.Status;
import dev.mailbell.event.EventType;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The routes of the delivery log: list, read, redeliver, recover. */
public final class DeliveryRoutes {
    private static final String STATUS_RULE =
            "must be one of " + String.join(", ", EnumNames.byName(Status.class).keySet());
    private static final String TYPE_RULE =
            "must be one of "
                    + Stream.of(EventType.values())
                            .map(EventType::wireName)
                            .collect(Collectors.joining(", "));
    private static final String CODE_RULE = "must be a status of HTTP such as 503 or 5xx, or none";

    private final WebhookStore store;
    private final DeliveryLog log;
    private final DeliverySearch search;
    private final DeliveryActions actions;

    public DeliveryRoutes(
            WebhookStore store, DeliveryLog log, DeliverySearch search, DeliveryActions actions) {
        this.store = store;
        this.log = log;
        this.search = search;
        this.actions = actions;
    }

    public void addTo(Routes routes) {
        routes.get("/v1/webhooks/{id}/deliveries", Scope.WEBHOOKS_READ, this::ofWebhook);
        routes.post("/v1/webhooks/{id}/recover", Scope.WEBHOOKS_WRITE, this::recover);
        routes.get("/v1/deliveries", Scope.WEBHOOKS_READ, this::list);
        routes.get("/v1/deliveries/{id}", Scope.WEBHOOKS_READ, this::read);
        routes.post("/v1/deliveries/{id}/redeliver", Scope.WEBHOOKS_WRITE, this::redeliver);
    }

    private static DeliveryFilter filter(Query query, @Nullable UUID webhook) {
        Status status = query.read("status", Status::ofWireName, STATUS_RULE).orElse(null);
        UUID account = query.id("account").orElse(null);
        EventType type = query.read("type", EventType::ofWireName, TYPE_RULE).orElse(null);
        AnswerCode code = query.read("statusCode", AnswerCode::parse, CODE_RULE).orElse(null);
        Instant since = query.instant("since").orElse(null);
        Instant until = query.instant("until").orElse(null);
        if (since != null && until != null && !since.isBefore(until)) {
            query.error("until", "must be after since");
        }
        return new DeliveryFilter(webhook, account, status, type, code, since, until);
    }

    private void ofWebhook(Context context) {
        Query query = Query.of(context);
        DeliveryFilter filter = filter(query, null);
        int limit = query.limit();
        UUID before = query.cursor().orElse(null);
        query.validate();
        answer(context, filter.of(webhookFromPath(context).id()), before, limit);
    }

    private void list(Context context) {
        Query query = Query.of(context);
        UUID webhook = query.id("webhook").orElse(null);
        DeliveryFilter filter = filter(query, webhook);
        int limit = query.limit();
        UUID before = query.cursor().orElse(null);
        query.validate();
        UUID clientId = AccessFilter.principal(context).clientId();
        if (webhook == null
                && filter.accountId() == null
                && store.count(clientId) > DeliverySearch.MAX_WEBHOOKS) {
            throw new ProblemException(
                    Problem.invalid(
                            "webhook",
                            "is required, or account: the client has more than "
                                    + DeliverySearch.MAX_WEBHOOKS
                                    + " webhooks"));
        }
        answer(context, filter, before, limit);
    }

    private void answer(Context context, DeliveryFilter filter, @Nullable UUID before, int limit) {
        DeliverySearch.Found found =
                search.find(AccessFilter.principal(context).clientId(), filter, before, limit);
        Responses.ok(context, Page.before(found.deliveries(), found.next(), DeliveryView::of));
    }

    private Webhook webhookFromPath(Context context) {
        return Uuids.parse(context.pathParam("id"))
                .flatMap(id -> store.find(AccessFilter.principal(context).clientId(), id))
                .orElseThrow(WebhookActions::notFound);
    }

    private LoggedDelivery fromPath(Context context) {
        return Uuids.parse(context.pathParam("id"))
                .flatMap(id -> actions.find(AccessFilter.principal(context).clientId(), id))
                .orElseThrow(DeliveryActions::notFound);
    }

    /** The body is that of an event, for keys that may read events. */
    private void read(Context context) {
        Query.of(context).validate();
        LoggedDelivery delivery = fromPath(context);
        String body =
                AccessFilter.principal(context).may(Scope.EVENTS_READ)
                        ? log.body(delivery.id()).orElse(null)
                        : null;
        Responses.ok(context, DeliveryView.of(delivery, log.attempts(delivery.id()), body));
    }

    private void redeliver(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        actions.redeliver(fromPath(context));
        Responses.json(context, 202, DeliveryView.of(fromPath(context)));
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
        long count = actions.recover(webhookFromPath(context), since);
        Responses.json(context, 202, new Recovered(count));
    }
}
