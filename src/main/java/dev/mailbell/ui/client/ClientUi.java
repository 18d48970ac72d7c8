package dev.mailbell.ui.client;

import dev.mailbell.api.client.ClientActions;
import dev.mailbell.api.client.KeyActions;
import dev.mailbell.api.client.PortalLinkActions;
import dev.mailbell.api.http.PageAccess;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.AuditStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.ui.page.Pages;

/** Builds the pages of clients and of the audit log. */
public final class ClientUi {
    private final ClientPages clients;
    private final AuditPages audit;
    private final PortalPages portal;

    public ClientUi(
            ClientChoice choice,
            ClientStore clients,
            ApiKeyStore keys,
            ClientActions clientActions,
            KeyActions keyActions,
            PortalLinkActions links,
            AuditStore audit,
            PageAccess access) {
        this.clients = new ClientPages(clients, keys, clientActions, keyActions, links);
        this.audit = new AuditPages(choice, audit);
        this.portal = new PortalPages(access, links);
    }

    public void addTo(Pages pages) {
        clients.addTo(pages);
        audit.addTo(pages);
        portal.addTo(pages);
    }
}
