package dev.mailbell.ui.client;

import dev.mailbell.api.http.AuditTrail;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.ClientStore;
import dev.mailbell.ui.page.PageRequest;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whose resources a page shows: with a client's key its own, with the operator's those of all
 * clients, or of the one that the query names.
 */
public final class ClientChoice {
    private static final String PARAMETER = "client";

    /** The most clients that a page offers for selection; more are reached from their own page. */
    private static final int MAX_OFFERED = 200;

    private final ClientStore clients;

    public ClientChoice(ClientStore clients) {
        this.clients = clients;
    }

    /** A client to select. */
    public record Offered(UUID id, String name) {}

    /**
     * The client whose resources are shown; null for those of all.
     *
     * @throws dev.mailbell.api.problem.ProblemException 404 for an unknown client
     */
    public @Nullable UUID of(PageRequest request) {
        if (!request.isOperator()) {
            return request.principal().clientId();
        }
        String given = request.query(PARAMETER).orElse(null);
        return given == null
                ? null
                : Uuids.parse(given)
                        .filter(id -> clients.find(id).isPresent())
                        .orElseThrow(() -> request.notFound("there is no client with this id"));
    }

    /** The client whose resources are searched for an id that the path has; null for any. */
    public @Nullable UUID limit(PageRequest request) {
        return request.isOperator() ? null : request.principal().clientId();
    }

    /** The clients to select from, for the operator alone, when there are several. */
    public List<Offered> offered(PageRequest request) {
        if (!request.isOperator()) {
            return List.of();
        }
        List<Offered> offered =
                clients.list(null, MAX_OFFERED).stream()
                        .filter(client -> client.erasingSince() == null)
                        .map(client -> new Offered(client.id(), client.name()))
                        .toList();
        return offered.size() > 1 ? offered : List.of();
    }

    /** The names of clients, for the operator alone. */
    public Map<UUID, String> names(PageRequest request, Collection<UUID> ids) {
        return request.isOperator() && !ids.isEmpty() ? clients.names(ids) : Map.of();
    }

    /** Has the audit log say whose resource an action of the operator changes. */
    public void audited(PageRequest request, UUID clientId) {
        AuditTrail.about(request.context(), clientId);
    }
}
