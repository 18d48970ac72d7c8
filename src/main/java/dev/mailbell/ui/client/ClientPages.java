package dev.mailbell.ui.client;

import dev.mailbell.api.client.ClientActions;
import dev.mailbell.api.client.KeyActions;
import dev.mailbell.api.client.PortalLinkActions;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.ApiKey;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.PortalLink;
import dev.mailbell.client.Scope;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.ui.page.Show;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * The pages of clients: the list, and one with its keys and portal links. The operator sees all of
 * it; a client's key that may make portal links sees the page of its own client without the keys.
 */
final class ClientPages {
    static final String LIST = "/ui/clients";
    private static final String ONE = LIST + "/{id}";
    private static final int PAGE = 50;
    private static final int MAX_LINKS = 100;
    private static final ClientView.FormView KEY_FORM =
            new ClientView.FormView("", Set.of("read", "write"), "", null);
    private static final ClientView.FormView LINK_FORM =
            new ClientView.FormView("", Set.of("read"), "PT1H", null);

    private final ClientStore clients;
    private final ApiKeyStore keys;
    private final ClientActions clientActions;
    private final KeyActions keyActions;
    private final PortalLinkActions links;

    ClientPages(
            ClientStore clients,
            ApiKeyStore keys,
            ClientActions clientActions,
            KeyActions keyActions,
            PortalLinkActions links) {
        this.clients = clients;
        this.keys = keys;
        this.clientActions = clientActions;
        this.keyActions = keyActions;
        this.links = links;
    }

    void addTo(Pages pages) {
        pages.entry("Clients", LIST, Scope.PORTAL_WRITE);
        pages.get(LIST, Scope.PORTAL_WRITE, this::list);
        pages.post(LIST, Scope.ADMIN, this::create);
        pages.get(ONE, Scope.PORTAL_WRITE, this::show);
        pages.post(ONE + "/keys", Scope.ADMIN, this::createKey);
        pages.post(ONE + "/keys/{keyId}/rotate", Scope.ADMIN, this::rotateKey);
        pages.post(ONE + "/keys/{keyId}/revoke", Scope.ADMIN, this::revokeKey);
        pages.post(ONE + "/portal-links", Scope.PORTAL_WRITE, this::createLink);
        pages.post(ONE + "/portal-links/{linkId}/end", Scope.PORTAL_WRITE, this::endLink);
    }

    private void list(PageRequest request) {
        if (request.isOperator()) {
            list(request, 200, "", null);
        } else {
            request.redirect(LIST + "/" + request.principal().clientId());
        }
    }

    private void list(PageRequest request, int status, String name, @Nullable String fault) {
        UUID after = request.query("after").flatMap(Uuids::parse).orElse(null);
        List<Client> found = clients.list(after, PAGE + 1);
        List<Client> shown = found.subList(0, Math.min(PAGE, found.size()));
        request.show(
                status,
                "client/list",
                "Clients",
                new ClientListView(
                        shown.stream()
                                .map(client ->
                                        new ClientListView.Row(
                                                path(client),
                                                client.name(),
                                                client.erasingSince() != null,
                                                limits(client),
                                                client.createdAt()))
                                .toList(),
                        found.size() > PAGE ? LIST + "?after=" + shown.getLast().id() : null,
                        name,
                        fault));
    }

    private static String path(Client client) {
        return LIST + "/" + client.id();
    }

    private static String limits(Client client) {
        Client.Limits limits = client.limits();
        return Stream.of(
                        limit(limits.accounts(), "accounts"),
                        limit(limits.webhooks(), "webhooks"),
                        limit(limits.requestsPerSecond(), "requests a second"))
                .filter(Objects::nonNull)
                .collect(Collectors.joining(", "));
    }

    private static @Nullable String limit(@Nullable Integer number, String of) {
        return number == null ? null : Show.count(number) + " " + of;
    }

    private void create(PageRequest request) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        request.form().text("name").ifPresent(name -> json.put("name", name));
        Client made;
        try {
            made = clientActions.prepare(json);
            clientActions.create(made);
        } catch (ProblemException e) {
            list(request, 422, json.path("name").asString(""), ClientForms.sentence(e));
            return;
        }
        request.redirect(path(made), "Made. Its first key is made below.");
    }

    /** Another client than the key's does not exist for it. */
    private Client client(PageRequest request) {
        UUID id = request.id("id");
        if (!request.isOperator() && !id.equals(request.principal().clientId())) {
            throw request.notFound("there is no client with this id");
        }
        return clients.find(id)
                .orElseThrow(() -> request.notFound("there is no client with this id"));
    }

    private void show(PageRequest request) {
        show(request, 200, client(request), KEY_FORM, LINK_FORM);
    }

    private void show(
            PageRequest request,
            int status,
            Client client,
            ClientView.FormView keyForm,
            ClientView.FormView linkForm) {
        Instant now = request.now();
        boolean operator = request.isOperator();
        request.show(
                status,
                "client/one",
                client.name(),
                new ClientView(
                        client.id().toString(),
                        client.name(),
                        operator,
                        client.erasingSince() != null,
                        limits(client),
                        client.createdAt(),
                        operator
                                ? keys.list(client.id(), null, ApiKeyStore.MAX_PER_CLIENT).stream()
                                        .map(key -> row(client, key, now))
                                        .toList()
                                : List.of(),
                        List.copyOf(Scope.grantable().keySet()),
                        keyForm,
                        links.list(client.id(), null, MAX_LINKS).stream()
                                .map(link -> row(client, link))
                                .toList(),
                        PortalLinkActions.grantable(request.principal()),
                        linkForm));
    }

    private static ClientView.KeyRow row(Client client, ApiKey key, Instant now) {
        Instant expires = key.expiresAt();
        Instant previous = key.previousUntil();
        return new ClientView.KeyRow(
                path(client) + "/keys/" + key.id(),
                key.name(),
                key.prefix(),
                Scope.wireNames(key.scopes()),
                key.createdAt(),
                expires,
                expires != null && !now.isBefore(expires),
                key.lastUsedAt(),
                previous != null && now.isBefore(previous) ? previous : null);
    }

    private static ClientView.LinkRow row(Client client, PortalLink link) {
        return new ClientView.LinkRow(
                path(client) + "/portal-links/" + link.id(),
                link.name() == null ? "without a name" : link.name(),
                Scope.wireNames(link.scopes()),
                link.createdAt(),
                link.expiresAt(),
                link.openedAt());
    }

    private void createKey(PageRequest request) {
        Client client = client(request);
        KeyActions.WithText made;
        try {
            KeyActions.requireInUse(client);
            made = keyActions.prepare(client.id(), ClientForms.key(request.form()));
            keyActions.create(made);
        } catch (ProblemException e) {
            show(request, 422, client, ClientForms.sent(request.form(), "expiresAt", e), LINK_FORM);
            return;
        }
        showKey(request, client, "The new key", made);
    }

    private static void showKey(
            PageRequest request, Client client, String title, KeyActions.WithText made) {
        request.show(
                "client/secret",
                title,
                new SecretView(
                        path(client),
                        client.name(),
                        title,
                        "Copy it now: it is shown this once. It is the key \""
                                + made.key().name()
                                + "\".",
                        made.text().reveal()));
    }

    private ApiKey key(PageRequest request, Client client) {
        return keys.find(client.id(), request.id("keyId"))
                .orElseThrow(() -> request.notFound("the client has no key with this id"));
    }

    private void rotateKey(PageRequest request) {
        Client client = client(request);
        ApiKey key = key(request, client);
        KeyActions.WithText rotated = keyActions.rotate(key, null);
        keyActions.rotated();
        showKey(request, client, "The new text of the key", rotated);
    }

    private void revokeKey(PageRequest request) {
        Client client = client(request);
        ApiKey key = key(request, client);
        keyActions.revoke(key);
        request.redirect(path(client), "The key \"" + key.name() + "\" is revoked.");
    }

    private void createLink(PageRequest request) {
        Client client = client(request);
        PortalLinkActions.WithUrl made;
        try {
            KeyActions.requireInUse(client);
            made =
                    links.prepare(
                            client.id(), ClientForms.link(request.form()), request.principal());
            links.create(made);
        } catch (ProblemException e) {
            show(
                    request,
                    e.problem().status() == 403 ? 403 : 422,
                    client,
                    KEY_FORM,
                    ClientForms.sent(request.form(), "expiresIn", e));
            return;
        }
        request.show(
                "client/secret",
                "The portal link",
                new SecretView(
                        path(client),
                        client.name(),
                        "The portal link",
                        "Copy it now, and send it only to the person it is for: it is shown this"
                                + " once, and it works once, until "
                                + Show.time(made.link().expiresAt())
                                + ".",
                        made.url()));
    }

    private void endLink(PageRequest request) {
        Client client = client(request);
        links.end(client.id(), request.id("linkId"));
        request.redirect(path(client), "The link has ended, and with it what it had opened.");
    }
}
