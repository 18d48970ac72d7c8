package dev.mailbell.api.oauth;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.GuardedUrls;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.MergePatch;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.Scope;
import dev.mailbell.event.Ids;
import dev.mailbell.oauth.AppInUseException;
import dev.mailbell.oauth.OAuthApp;
import dev.mailbell.oauth.OAuthApp.Proof;
import dev.mailbell.oauth.OAuthApps;
import io.javalin.http.Context;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The routes of OAuth 2.0 apps: register, list, read, change, remove. */
final class OAuthAppRoutes {
    private final OAuthApps apps;
    private final OAuthAppReader reader;
    private final ConsentLinks links;
    private final Idempotency idempotency;
    private final InstantSource clock;

    OAuthAppRoutes(
            OAuthApps apps,
            GuardedUrls urls,
            ConsentLinks links,
            Idempotency idempotency,
            InstantSource clock) {
        this.apps = apps;
        this.reader = new OAuthAppReader(urls);
        this.links = links;
        this.idempotency = idempotency;
        this.clock = clock;
    }

    void addTo(Routes routes) {
        routes.post("/v1/oauth-apps", Scope.ACCOUNTS_CREDENTIALS, this::create);
        routes.get("/v1/oauth-apps", Scope.ACCOUNTS_READ, this::list);
        routes.get("/v1/oauth-apps/{id}", Scope.ACCOUNTS_READ, this::read);
        routes.patch("/v1/oauth-apps/{id}", Scope.ACCOUNTS_CREDENTIALS, this::patch);
        routes.delete("/v1/oauth-apps/{id}", Scope.ACCOUNTS_CREDENTIALS, this::remove);
    }

    private void create(Context context) {
        idempotency.create(
                context,
                (clientId, json) -> {
                    OAuthAppDraft draft = reader.read(json, Proof.NONE);
                    Instant now = now();
                    return creation(app(Ids.next(), clientId, draft, Proof.NONE, null, now, now));
                });
    }

    private OAuthApp app(
            UUID id,
            UUID clientId,
            OAuthAppDraft draft,
            Proof stored,
            byte @Nullable [] storedSecret,
            Instant createdAt,
            Instant now) {
        String secret = draft.clientSecret() == null ? draft.privateKey() : draft.clientSecret();
        return new OAuthApp(
                id,
                clientId,
                draft.name(),
                draft.provider(),
                draft.grant(),
                draft.clientId(),
                OAuthAppReader.proofOf(draft, stored),
                secret == null ? storedSecret : apps.seal(secret, id),
                draft.keyId(),
                draft.tenant(),
                draft.authorizationUrl(),
                draft.tokenUrl(),
                draft.redirectUrl(),
                draft.scope(),
                draft.mailHosts(),
                createdAt,
                now);
    }

    private Creation creation(OAuthApp app) {
        return new Creation() {
            @Override
            public Result create() {
                return apps.store().insert(app)
                        ? new Result(201, Json.bytes(view(app)), "/v1/oauth-apps/" + app.id())
                        : Result.of(
                                Problem.refused(
                                        "too-many-apps",
                                        "a client may have "
                                                + OAuthApp.MAX_OF_CLIENT
                                                + " apps; remove some first"));
            }

            @Override
            public void committed() {}
        };
    }

    private OAuthAppView view(OAuthApp app) {
        return OAuthAppView.of(app, links);
    }

    private void list(Context context) {
        Query query = Query.of(context);
        int limit = query.limit();
        UUID after = query.cursor().orElse(null);
        query.validate();
        List<OAuthApp> found =
                apps.store().list(AccessFilter.principal(context).clientId(), after, limit + 1);
        Responses.ok(context, Page.of(found, limit, OAuthApp::id, this::view));
    }

    private OAuthApp fromPath(Context context) {
        return Uuids.parse(context.pathParam("id"))
                .flatMap(id -> apps.store().find(AccessFilter.principal(context).clientId(), id))
                .orElseThrow(OAuthAppRoutes::notFound);
    }

    private static ProblemException notFound() {
        return new ProblemException(Problem.notFound("there is no app with this id"));
    }

    private void read(Context context) {
        Query.of(context).validate();
        Responses.ok(context, view(fromPath(context)));
    }

    private void patch(Context context) {
        Query.of(context).validate();
        ObjectNode patch = Body.patch(context);
        OAuthApp read = fromPath(context);
        // Validated outside of the transaction, because that may take a DNS lookup.
        OAuthAppDraft draft = draft(read, patch);
        OAuthApp changed;
        try {
            changed =
                    apps.store()
                            .change(
                                    read.clientId(),
                                    read.id(),
                                    found -> changed(read, found, draft, patch))
                            .orElseThrow(OAuthAppRoutes::notFound);
        } catch (AppInUseException e) {
            throw new ProblemException(inUse(e));
        } finally {
            apps.changed(read.id());
        }
        Responses.ok(context, view(changed));
    }

    private OAuthAppDraft draft(OAuthApp app, ObjectNode patch) {
        ObjectNode document = document(app);
        MergePatch.apply(document, patch);
        return reader.read(document, storedProof(app, patch));
    }

    /** How the app proves itself after the patch, if that gives no new secret. */
    private static Proof storedProof(OAuthApp app, ObjectNode patch) {
        boolean removes =
                patch.has("clientSecret") && app.proof() == Proof.CLIENT_SECRET
                        || patch.has("privateKey") && app.proof() == Proof.PRIVATE_KEY;
        return removes ? Proof.NONE : app.proof();
    }

    private OAuthApp changed(OAuthApp read, OAuthApp found, OAuthAppDraft draft, ObjectNode patch) {
        if (!found.updatedAt().equals(read.updatedAt())) {
            throw new ProblemException(
                    Problem.conflict(
                            "changed-meanwhile", "the app is being changed by others; try again"));
        }
        Proof stored = storedProof(found, patch);
        Instant now = now();
        OAuthApp after =
                app(
                        found.id(),
                        found.clientId(),
                        draft,
                        stored,
                        stored == Proof.NONE ? null : found.secret(),
                        found.createdAt(),
                        now.isAfter(found.updatedAt()) ? now : found.updatedAt().plusMillis(1));
        if (!found.hasSameDestinations(after) && stored != Proof.NONE && !draft.hasSecret()) {
            throw new ProblemException(
                    Problem.invalid(
                            stored == Proof.PRIVATE_KEY ? "privateKey" : "clientSecret",
                            "must be given again, because the change decides where it or tokens"
                                    + " are sent"));
        }
        return after;
    }

    /** The target of a merge patch. The stored secret is not in it. */
    private static ObjectNode document(OAuthApp app) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("name", app.name());
        json.put("provider", app.provider().wireName());
        json.put("grant", app.grant().wireName());
        json.put("clientId", app.oauthClientId());
        json.put("keyId", app.keyId());
        json.put("tenant", app.tenant());
        json.put("authorizationUrl", app.authorizationUrl());
        json.put("tokenUrl", app.tokenUrl());
        json.put("redirectUrl", app.redirectUrl());
        json.put("scope", app.scope());
        app.mailHosts().forEach(json.putArray("mailHosts")::add);
        return json;
    }

    private void remove(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        OAuthApp app = fromPath(context);
        try {
            if (!apps.store().delete(app.clientId(), app.id())) {
                throw notFound();
            }
        } catch (AppInUseException e) {
            throw new ProblemException(inUse(e));
        } finally {
            apps.changed(app.id());
        }
        context.status(204);
    }

    private static Problem inUse(AppInUseException e) {
        return Problem.conflict("app-in-use", String.valueOf(e.getMessage()));
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
