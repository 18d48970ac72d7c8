package dev.mailbell.api.webhook;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.Scope;
import dev.mailbell.event.Timestamps;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookHeaders;
import dev.mailbell.webhook.WebhookStore;
import io.javalin.http.Context;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.function.ToLongFunction;
import tools.jackson.databind.node.ObjectNode;

/** The routes of webhooks: create, list, read, change, remove, test, rotate the secret. */
public final class WebhookRoutes {
    private final WebhookStore store;
    private final WebhookReader reader;
    private final WebhookOperations webhooks;
    private final Keyring keyring;
    private final Idempotency idempotency;
    private final InstantSource clock;
    private final ToLongFunction<UUID> mostWebhooks;
    private final WebhookActions actions;

    /**
     * @param mostWebhooks how many webhooks a client may have
     */
    public WebhookRoutes(
            WebhookStore store,
            WebhookReader reader,
            WebhookActions actions,
            WebhookOperations webhooks,
            Keyring keyring,
            Idempotency idempotency,
            InstantSource clock,
            ToLongFunction<UUID> mostWebhooks) {
        this.store = store;
        this.reader = reader;
        this.actions = actions;
        this.webhooks = webhooks;
        this.keyring = keyring;
        this.idempotency = idempotency;
        this.clock = clock;
        this.mostWebhooks = mostWebhooks;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/webhooks", Scope.WEBHOOKS_WRITE, this::create);
        routes.get("/v1/webhooks", Scope.WEBHOOKS_READ, this::list);
        routes.get("/v1/webhooks/{id}", Scope.WEBHOOKS_READ, this::read);
        routes.patch("/v1/webhooks/{id}", Scope.WEBHOOKS_WRITE, this::patch);
        routes.delete("/v1/webhooks/{id}", Scope.WEBHOOKS_WRITE, this::remove);
        routes.post("/v1/webhooks/{id}/test", Scope.WEBHOOKS_WRITE, this::test);
        routes.post("/v1/webhooks/{id}/rotate", Scope.WEBHOOKS_WRITE, this::rotate);
    }

    private void create(Context context) {
        idempotency.create(
                context,
                (clientId, json) -> {
                    WebhookDraft draft = reader.read(json, clientId);
                    return creation(clientId, draft);
                });
    }

    private Creation creation(UUID clientId, WebhookDraft draft) {
        Secret secret = Signer.newSecret();
        Webhook webhook =
                WebhookActions.newWebhook(
                        clientId,
                        draft,
                        WebhookActions.newHeaders(draft, WebhookHeaders.NONE),
                        keyring,
                        secret,
                        State.ENABLED,
                        now());
        return new Creation() {
            @Override
            public Result create() {
                insert(webhook);
                ObjectNode view =
                        Json.MAPPER.valueToTree(WebhookView.of(webhook, webhook.createdAt()));
                view.put("secret", secret.reveal());
                return new Result(201, Json.bytes(view), "/v1/webhooks/" + webhook.id());
            }

            @Override
            public void committed() {
                webhooks.changed(webhook.id());
            }
        };
    }

    private void insert(Webhook webhook) {
        long most = mostWebhooks.applyAsLong(webhook.clientId());
        if (!store.insert(webhook, most)) {
            throw new ProblemException(
                    Problem.refused(
                            "too-many-webhooks",
                            "this client may have "
                                    + most
                                    + " webhooks (limits.webhooksPerClient); remove some first"));
        }
    }

    private void list(Context context) {
        Query query = Query.of(context);
        int limit = query.limit();
        UUID after = query.cursor().orElse(null);
        query.validate();
        List<Webhook> found =
                store.list(AccessFilter.principal(context).clientId(), after, limit + 1);
        Responses.ok(
                context,
                Page.of(found, limit, Webhook::id, webhook -> WebhookView.of(webhook, now())));
    }

    private Webhook fromPath(Context context) {
        return Uuids.parse(context.pathParam("id"))
                .flatMap(id -> store.find(AccessFilter.principal(context).clientId(), id))
                .orElseThrow(WebhookActions::notFound);
    }

    private void read(Context context) {
        Query.of(context).validate();
        Responses.ok(context, WebhookView.of(fromPath(context), now()));
    }

    private void patch(Context context) {
        Query.of(context).validate();
        ObjectNode patch = Body.patch(context);
        Webhook changed = actions.change(fromPath(context), patch);
        Responses.ok(context, WebhookView.of(changed, now()));
    }

    private void remove(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        actions.remove(fromPath(context));
        context.status(204);
    }

    private void test(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        Responses.ok(context, AttemptView.of(actions.test(fromPath(context))));
    }

    private void rotate(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        WebhookActions.Rotated rotated = actions.rotate(fromPath(context));
        ObjectNode view = Json.MAPPER.valueToTree(WebhookView.of(rotated.webhook(), now()));
        view.put("secret", rotated.secret().reveal());
        view.put("previousSecretUntil", Timestamps.text(rotated.previousUntil()));
        Responses.ok(context, view);
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
