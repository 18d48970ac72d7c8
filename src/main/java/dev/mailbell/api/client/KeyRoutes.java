package dev.mailbell.api.client;

import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.ApiKey;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.Scope;
import io.javalin.http.Context;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The routes of the keys of a client: create, list, revoke, rotate. */
public final class KeyRoutes {
    private static final String KEYS = "/v1/clients/{id}/keys";

    private final ClientStore clients;
    private final ApiKeyStore store;
    private final KeyActions actions;
    private final Idempotency idempotency;
    private final InstantSource clock;

    public KeyRoutes(
            ClientStore clients,
            ApiKeyStore store,
            KeyActions actions,
            Idempotency idempotency,
            InstantSource clock) {
        this.clients = clients;
        this.store = store;
        this.actions = actions;
        this.idempotency = idempotency;
        this.clock = clock;
    }

    public void addTo(Routes routes) {
        routes.post(KEYS, Scope.ADMIN, this::create);
        routes.get(KEYS, Scope.ADMIN, this::list);
        routes.delete(KEYS + "/{keyId}", Scope.ADMIN, this::revoke);
        routes.post(KEYS + "/{keyId}/rotate", Scope.ADMIN, this::rotate);
    }

    private void create(Context context) {
        Query.of(context).validate();
        byte[] body = Body.bytes(context);
        Client client = ClientRoutes.fromPath(clients, context);
        KeyActions.requireInUse(client);
        idempotency.answer(
                context, body, () -> creation(actions.prepare(client.id(), Json.object(body))));
    }

    private Creation creation(KeyActions.WithText prepared) {
        return new Creation() {
            @Override
            public Result create() {
                actions.create(prepared);
                return new Result(
                        201,
                        Json.bytes(view(prepared)),
                        "/v1/clients/"
                                + prepared.key().clientId()
                                + "/keys/"
                                + prepared.key().id());
            }

            @Override
            public void committed() {}
        };
    }

    private ObjectNode view(KeyActions.WithText withText) {
        ObjectNode view = Json.MAPPER.valueToTree(KeyView.of(withText.key(), now()));
        view.put("key", withText.text().reveal());
        return view;
    }

    private void list(Context context) {
        Query query = Query.of(context);
        int limit = query.limit();
        UUID after = query.cursor().orElse(null);
        query.validate();
        Client client = ClientRoutes.fromPath(clients, context);
        Instant now = now();
        Responses.ok(
                context,
                Page.of(
                        store.list(client.id(), after, limit + 1),
                        limit,
                        ApiKey::id,
                        key -> KeyView.of(key, now)));
    }

    private ApiKey fromPath(Context context) {
        Client client = ClientRoutes.fromPath(clients, context);
        return Uuids.parse(context.pathParam("keyId"))
                .flatMap(id -> store.find(client.id(), id))
                .orElseThrow(KeyActions::notFound);
    }

    private void revoke(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        actions.revoke(fromPath(context));
        context.status(204);
    }

    private void rotate(Context context) {
        Query.of(context).validate();
        ObjectNode json = Body.optional(context);
        ApiKey key = fromPath(context);
        Instant expiresAt = KeyReader.readRotation(json, now());
        // A repeated request must not rotate again: that would end the key that is in use.
        idempotency.answer(context, Json.bytes(json), () -> rotation(key, expiresAt));
    }

    private Creation rotation(ApiKey key, @Nullable Instant expiresAt) {
        return new Creation() {
            @Override
            public Result create() {
                return new Result(200, Json.bytes(view(actions.rotate(key, expiresAt))), null);
            }

            @Override
            public void committed() {
                actions.rotated();
            }
        };
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
