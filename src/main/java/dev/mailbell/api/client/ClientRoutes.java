package dev.mailbell.api.client;

import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.KnownKeys;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Instants;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.MergePatch;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.NameTakenException;
import dev.mailbell.client.Scope;
import io.javalin.http.Context;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/** The routes of clients: create, list, read, change. */
public final class ClientRoutes {
    private static final int MAX_TRIES = 5;

    private final ClientStore store;
    private final ClientActions actions;
    private final KnownKeys keys;
    private final Idempotency idempotency;
    private final InstantSource clock;

    public ClientRoutes(
            ClientStore store,
            ClientActions actions,
            KnownKeys keys,
            Idempotency idempotency,
            InstantSource clock) {
        this.store = store;
        this.actions = actions;
        this.keys = keys;
        this.idempotency = idempotency;
        this.clock = clock;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/clients", Scope.ADMIN, this::create);
        routes.get("/v1/clients", Scope.ADMIN, this::list);
        routes.get("/v1/clients/{id}", Scope.ADMIN, this::read);
        routes.patch("/v1/clients/{id}", Scope.ADMIN, this::patch);
    }

    private void create(Context context) {
        idempotency.create(context, (clientId, json) -> creation(actions.prepare(json)));
    }

    private Creation creation(Client client) {
        return new Creation() {
            @Override
            public Result create() {
                actions.create(client);
                return new Result(
                        201, Json.bytes(ClientView.of(client)), "/v1/clients/" + client.id());
            }

            @Override
            public void committed() {}
        };
    }

    private void list(Context context) {
        Query query = Query.of(context);
        int limit = query.limit();
        UUID after = query.cursor().orElse(null);
        query.validate();
        Responses.ok(
                context, Page.of(store.list(after, limit + 1), limit, Client::id, ClientView::of));
    }

    /** The client that the path of a request names. */
    static Client fromPath(ClientStore store, Context context) {
        return Uuids.parse(context.pathParam("id"))
                .flatMap(store::find)
                .orElseThrow(ClientRoutes::notFound);
    }

    static ProblemException notFound() {
        return new ProblemException(Problem.notFound("there is no client with this id"));
    }

    private void read(Context context) {
        Query.of(context).validate();
        Responses.ok(context, ClientView.of(fromPath(store, context)));
    }

    private void patch(Context context) {
        Query.of(context).validate();
        ObjectNode patch = Body.patch(context);
        Client read = fromPath(store, context);
        for (int i = 0; i < MAX_TRIES; i++) {
            if (read.erasingSince() != null) {
                throw new ProblemException(
                        Problem.conflict("erasing", "the client is being erased"));
            }
            Client changed = changed(read, patch);
            if (isWritten(changed, read)) {
                keys.changed();
                Responses.ok(context, ClientView.of(changed));
                return;
            }
            read = fromPath(store, context);
        }
        throw new ProblemException(
                Problem.conflict(
                        "changed-meanwhile", "the client is being changed by others; try again"));
    }

    private Client changed(Client read, ObjectNode patch) {
        ObjectNode document = ClientReader.document(read);
        MergePatch.apply(document, patch);
        ClientReader.Draft draft = ClientReader.read(document);
        return new Client(
                read.id(),
                draft.name(),
                draft.limits(),
                read.createdAt(),
                // Always later than before: a concurrent change is detected by it.
                Instants.later(now(), read.updatedAt().plusMillis(1)),
                null);
    }

    /** False when another request has changed or removed the client since it was read. */
    private boolean isWritten(Client changed, Client read) {
        try {
            return store.update(changed, read.updatedAt());
        } catch (NameTakenException e) {
            throw ClientActions.nameTaken();
        }
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
