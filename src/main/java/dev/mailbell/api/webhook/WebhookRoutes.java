package dev.mailbell.api.webhook;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.RateLimit;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.MergePatch;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.Scope;
import dev.mailbell.event.Ids;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookStore;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.ToLongFunction;
import tools.jackson.databind.node.ObjectNode;

/** The routes of webhooks: create, list, read, change, remove, test, rotate the secret. */
public final class WebhookRoutes {
    private static final double TESTS_PER_SECOND = 2;

    /** How long after a rotation the previous secret signs too. */
    private static final Duration PREVIOUS_SECRET_LIFE = Duration.ofHours(24);

    private final WebhookStore store;
    private final WebhookReader reader;
    private final WebhookOperations webhooks;
    private final Keyring keyring;
    private final Idempotency idempotency;
    private final InstantSource clock;
    private final ToLongFunction<UUID> mostWebhooks;
    private final RateLimit tests = new RateLimit(() -> TESTS_PER_SECOND, System::nanoTime);

    /**
     * @param mostWebhooks how many webhooks a client may have
     */
    public WebhookRoutes(
            WebhookStore store,
            WebhookReader reader,
            WebhookOperations webhooks,
            Keyring keyring,
            Idempotency idempotency,
            InstantSource clock,
            ToLongFunction<UUID> mostWebhooks) {
        this.store = store;
        this.reader = reader;
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
        UUID id = Ids.next();
        Instant now = now();
        Secret secret = Signer.newSecret();
        Webhook webhook =
                new Webhook(
                        id,
                        clientId,
                        draft.url(),
                        draft.events(),
                        draft.accounts(),
                        draft.labels(),
                        draft.description(),
                        keyring.encrypt(secret, Webhook.secretContext(id)),
                        null,
                        State.ENABLED,
                        Health.UNKNOWN,
                        now,
                        now);
        return new Creation() {
            @Override
            public Result create() {
                requireRoom(clientId);
                store.insert(webhook);
                ObjectNode view = Json.MAPPER.valueToTree(WebhookView.of(webhook, now));
                view.put("secret", secret.reveal());
                return new Result(201, Json.bytes(view), "/v1/webhooks/" + id);
            }

            @Override
            public void committed() {
                webhooks.changed(id);
            }
        };
    }

    private void requireRoom(UUID clientId) {
        long most = mostWebhooks.applyAsLong(clientId);
        if (store.count(clientId) >= most) {
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
                .orElseThrow(WebhookRoutes::notFound);
    }

    private static ProblemException notFound() {
        return new ProblemException(Problem.notFound("there is no webhook with this id"));
    }

    private void read(Context context) {
        Query.of(context).validate();
        Responses.ok(context, WebhookView.of(fromPath(context), now()));
    }

    private void patch(Context context) {
        Query.of(context).validate();
        ObjectNode patch = Body.patch(context);
        Webhook webhook = fromPath(context);
        ObjectNode document = WebhookDocument.of(webhook);
        MergePatch.apply(document, patch);
        WebhookDraft draft = reader.readChange(document, webhook);
        Webhook changed =
                new Webhook(
                        webhook.id(),
                        webhook.clientId(),
                        draft.url(),
                        draft.events(),
                        draft.accounts(),
                        draft.labels(),
                        draft.description(),
                        webhook.secret(),
                        webhook.previous(),
                        webhook.state(),
                        webhook.health(),
                        webhook.createdAt(),
                        now());
        // The failures of the old URL say nothing about the new one.
        boolean moved = webhook.state() == State.FAILING && !draft.url().equals(webhook.url());
        State state = draft.state() == null && moved ? State.ENABLED : draft.state();
        Webhook stored =
                store.update(changed, state, webhooks.now()).orElseThrow(WebhookRoutes::notFound);
        webhooks.changed(webhook.id());
        Responses.ok(context, WebhookView.of(stored, now()));
    }

    private void remove(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        Webhook webhook = fromPath(context);
        if (!store.delete(webhook.clientId(), webhook.id())) {
            throw notFound();
        }
        webhooks.changed(webhook.id());
        context.status(204);
    }

    private void test(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        Webhook webhook = fromPath(context);
        Optional<Duration> wait = tests.take(webhook.id().toString());
        if (wait.isPresent()) {
            throw new ProblemException(Problem.tooManyRequests(wait.get()));
        }
        Responses.ok(context, AttemptView.of(webhooks.test(webhook)));
    }

    private void rotate(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        Webhook webhook = fromPath(context);
        Secret secret = Signer.newSecret();
        Instant until = now().plus(PREVIOUS_SECRET_LIFE);
        if (!store.rotate(
                webhook.clientId(),
                webhook.id(),
                keyring.encrypt(secret, Webhook.secretContext(webhook.id())),
                until,
                now())) {
            throw notFound();
        }
        webhooks.changed(webhook.id());
        ObjectNode view = Json.MAPPER.valueToTree(WebhookView.of(fromPath(context), now()));
        view.put("secret", secret.reveal());
        view.put("previousSecretUntil", until.toString());
        Responses.ok(context, view);
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
