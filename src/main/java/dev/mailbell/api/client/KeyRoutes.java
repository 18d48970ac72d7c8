package dev.mailbell.api.client;

import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.KnownKeys;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.ApiKey;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.KeyText;
import dev.mailbell.client.Scope;
import dev.mailbell.event.Ids;
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
    private final KnownKeys known;
    private final Idempotency idempotency;
    private final InstantSource clock;

    /**
     * @param known forgets keys when they change
     */
    public KeyRoutes(
            ClientStore clients,
            ApiKeyStore store,
            KnownKeys known,
            Idempotency idempotency,
            InstantSource clock) {
        this.clients = clients;
        this.store = store;
        this.known = known;
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
        if (client.erasingSince() != null) {
            throw new ProblemException(Problem.conflict("erasing", "the client is being erased"));
        }
        idempotency.answer(
                context,
                body,
                () -> creation(client.id(), KeyReader.read(Json.object(body), clock.instant())));
    }

    private Creation creation(UUID clientId, KeyReader.Draft draft) {
        Instant now = now();
        KeyText text = KeyText.random();
        ApiKey key =
                new ApiKey(
                        Ids.next(),
                        clientId,
                        draft.name(),
                        draft.scopes(),
                        text.shown(),
                        now,
                        draft.expiresAt(),
                        null,
                        null);
        return new Creation() {
            @Override
            public Result create() {
                if (!store.insert(key, text)) {
                    throw new ProblemException(
                            Problem.refused(
                                    "too-many-keys",
                                    "a client may have "
                                            + ApiKeyStore.MAX_PER_CLIENT
                                            + " keys; revoke some first"));
                }
                return new Result(
                        201,
                        Json.bytes(withText(key, text, now)),
                        "/v1/clients/" + clientId + "/keys/" + key.id());
            }

            @Override
            public void committed() {}
        };
    }

    private static ObjectNode withText(ApiKey key, KeyText text, Instant now) {
        ObjectNode view = Json.MAPPER.valueToTree(KeyView.of(key, now));
        view.put("key", text.reveal());
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
                .orElseThrow(KeyRoutes::notFound);
    }

    private static ProblemException notFound() {
        return new ProblemException(Problem.notFound("the client has no key with this id"));
    }

    private void revoke(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        ApiKey key = fromPath(context);
        boolean revoked = store.delete(key.clientId(), key.id());
        known.changed();
        if (!revoked) {
            throw notFound();
        }
        context.status(204);
    }

    private void rotate(Context context) {
        Query.of(context).validate();
        ObjectNode json = Body.optional(context);
        ApiKey key = fromPath(context);
        Instant now = now();
        Instant expiresAt = KeyReader.readRotation(json, key.expiresAt(), now);
        // A repeated request must not rotate again: that would end the key that is in use.
        idempotency.answer(context, Json.bytes(json), () -> rotation(key, expiresAt, now));
    }

    private Creation rotation(ApiKey key, @Nullable Instant expiresAt, Instant now) {
        KeyText text = KeyText.random();
        return new Creation() {
            @Override
            public Result create() {
                ApiKey rotated =
                        store.rotate(
                                        key.clientId(),
                                        key.id(),
                                        text,
                                        expiresAt,
                                        now.plus(ApiKeyStore.PREVIOUS_LIFE),
                                        now)
                                .orElseThrow(() ->
                                        new ProblemException(
                                                Problem.conflict(
                                                        "expired",
                                                        "the key has expired or was revoked;"
                                                                + " create a new one")));
                return new Result(200, Json.bytes(withText(rotated, text, now)), null);
            }

            @Override
            public void committed() {
                known.changed();
            }
        };
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
