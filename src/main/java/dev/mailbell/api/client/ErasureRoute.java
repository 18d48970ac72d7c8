package dev.mailbell.api.client;

import dev.mailbell.api.http.KnownKeys;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.api.webhook.WebhookOperations;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.ErasedClients;
import dev.mailbell.client.Erasure;
import dev.mailbell.client.Scope;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;

/** The route that erases a client. */
public final class ErasureRoute {
    private final ErasedClients clients;
    private final Erasure erasure;
    private final KnownKeys keys;
    private final Watch watch;
    private final OAuthApps apps;
    private final WebhookOperations webhooks;
    private final InstantSource clock;

    public ErasureRoute(
            ErasedClients clients,
            Erasure erasure,
            KnownKeys keys,
            Watch watch,
            OAuthApps apps,
            WebhookOperations webhooks,
            InstantSource clock) {
        this.clients = clients;
        this.erasure = erasure;
        this.keys = keys;
        this.watch = watch;
        this.apps = apps;
        this.webhooks = webhooks;
        this.clock = clock;
    }

    public void addTo(Routes routes) {
        routes.delete("/v1/clients/{id}", Scope.ADMIN, this::erase);
    }

    private void erase(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        UUID id = Uuids.parse(context.pathParam("id")).orElseThrow(ErasureRoute::notFound);
        if (id.equals(ClientStore.DEFAULT)) {
            throw new ProblemException(
                    Problem.conflict(
                            "default-client",
                            "the default client stays: the operator's key acts as it"));
        }
        if (id.equals(ClientStore.OPERATOR)) {
            throw new ProblemException(
                    Problem.conflict(
                            "operator-client",
                            "the operator's client stays: the events for the operator are of it"));
        }
        List<UUID> disabled =
                clients.begin(id, clock.instant()).orElseThrow(ErasureRoute::notFound);
        keys.changed();
        webhooks.disabled(disabled);
        watch.forgetClient(id);
        apps.forgetClient(id);
        erasure.wake();
        context.status(202);
    }

    private static ProblemException notFound() {
        return new ProblemException(Problem.notFound("there is no client with this id"));
    }
}
