package dev.mailbell.api.client;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.Principal;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.PortalLink;
import dev.mailbell.client.Scope;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/** The routes of portal links: make, list, end. A client's key makes links to its own client. */
public final class PortalLinkRoutes {
    private static final String LINKS = "/v1/clients/{id}/portal-links";

    private final ClientStore clients;
    private final PortalLinkActions actions;
    private final Idempotency idempotency;

    public PortalLinkRoutes(
            ClientStore clients, PortalLinkActions actions, Idempotency idempotency) {
        this.clients = clients;
        this.actions = actions;
        this.idempotency = idempotency;
    }

    public void addTo(Routes routes) {
        routes.post(LINKS, Scope.PORTAL_WRITE, this::create);
        routes.get(LINKS, Scope.PORTAL_WRITE, this::list);
        routes.delete(LINKS + "/{linkId}", Scope.PORTAL_WRITE, this::end);
    }

    /** Another client than the key's does not exist for it. */
    private Client clientFromPath(Context context) {
        Principal principal = AccessFilter.principal(context);
        Client client = ClientRoutes.fromPath(clients, context);
        if (!principal.isOperator() && !principal.clientId().equals(client.id())) {
            throw ClientRoutes.notFound();
        }
        return client;
    }

    private void create(Context context) {
        Query.of(context).validate();
        byte[] body = Json.bytes(Body.optional(context));
        Client client = clientFromPath(context);
        KeyActions.requireInUse(client);
        Principal maker = AccessFilter.principal(context);
        idempotency.answer(
                context,
                // A key must not be answered the link of another, which may have more scopes.
                ofKey(maker, body),
                () -> creation(actions.prepare(client.id(), Json.object(body), maker)));
    }

    private static byte[] ofKey(Principal maker, byte[] body) {
        byte[] key = (maker.keyId() + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] both = Arrays.copyOf(key, key.length + body.length);
        System.arraycopy(body, 0, both, key.length, body.length);
        return both;
    }

    private Creation creation(PortalLinkActions.WithUrl prepared) {
        return new Creation() {
            @Override
            public Result create() {
                actions.create(prepared);
                PortalLink link = prepared.link();
                ObjectNode view = Json.MAPPER.valueToTree(PortalLinkView.of(link));
                view.put("url", prepared.url());
                return new Result(
                        201,
                        Json.bytes(view),
                        "/v1/clients/" + link.clientId() + "/portal-links/" + link.id());
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
        Client client = clientFromPath(context);
        Responses.ok(
                context,
                Page.of(
                        actions.list(client.id(), after, limit + 1),
                        limit,
                        PortalLink::id,
                        PortalLinkView::of));
    }

    private void end(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        Client client = clientFromPath(context);
        actions.end(
                client.id(),
                Uuids.parse(context.pathParam("linkId")).orElseThrow(PortalLinkActions::notFound));
        context.status(204);
    }
}
