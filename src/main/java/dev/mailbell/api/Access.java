package dev.mailbell.api;

import dev.mailbell.api.client.AuditRoutes;
import dev.mailbell.api.client.ClientActions;
import dev.mailbell.api.client.ClientRoutes;
import dev.mailbell.api.client.KeyActions;
import dev.mailbell.api.client.KeyRoutes;
import dev.mailbell.api.client.PortalLinkActions;
import dev.mailbell.api.client.PortalLinkRoutes;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.AuditTrail;
import dev.mailbell.api.http.Authenticator;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.KnownKeys;
import dev.mailbell.api.http.PageAccess;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.oauth.PublicUrl;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.AuditStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.KeyUses;
import dev.mailbell.client.PortalLinkStore;
import java.util.List;
import java.util.function.Consumer;

/** Builds what controls access to the API: keys, limits, the audit log, and their routes. */
record Access(
        ClientStore clients,
        ApiKeyStore keys,
        KnownKeys known,
        KeyUses uses,
        RequestLimits limits,
        AccessFilter filter,
        PageAccess pages) {

    static Access of(String operatorKey, Api.Parts parts) {
        ClientStore clients = new ClientStore(parts.jdbi());
        ApiKeyStore keys = new ApiKeyStore(parts.jdbi());
        KnownKeys known = new KnownKeys(keys, System::nanoTime);
        KeyUses uses = new KeyUses(keys);
        RequestLimits limits = new RequestLimits(parts.policy(), System::nanoTime);
        Authenticator authenticator =
                new Authenticator(operatorKey, clients, known, uses, parts.clock());
        AccessFilter filter = new AccessFilter(authenticator, limits);
        return new Access(
                clients, keys, known, uses, limits, filter, new PageAccess(authenticator, filter));
    }

    /** The filter comes first: it runs before the routes of all others. */
    List<Consumer<Routes>> routes(Api.Parts parts, Idempotency idempotency, PublicUrl publicUrl) {
        AuditStore audit = new AuditStore(parts.jdbi());
        return List.of(
                filter::addTo,
                new AuditTrail(audit, parts.meters(), parts.clock())::addTo,
                new ClientRoutes(
                                clients,
                                new ClientActions(clients, parts.clock()),
                                known,
                                idempotency,
                                parts.clock())
                        ::addTo,
                new KeyRoutes(
                                clients,
                                keys,
                                new KeyActions(keys, known, parts.clock()),
                                idempotency,
                                parts.clock())
                        ::addTo,
                new PortalLinkRoutes(
                                clients,
                                new PortalLinkActions(
                                        new PortalLinkStore(parts.jdbi()),
                                        publicUrl::of,
                                        parts.clock()),
                                idempotency)
                        ::addTo,
                new AuditRoutes(audit)::addTo);
    }
}
