package dev.mailbell.ui;

import dev.mailbell.api.Api;
import dev.mailbell.api.client.ClientActions;
import dev.mailbell.api.client.KeyActions;
import dev.mailbell.api.client.PortalLinkActions;
import dev.mailbell.api.event.EventStreamRoute;
import dev.mailbell.api.http.Routes;
import dev.mailbell.client.AuditStore;
import dev.mailbell.client.PortalLinkStore;
import dev.mailbell.config.reload.LiveConfiguration;
import dev.mailbell.event.EventStore;
import dev.mailbell.routing.ClusterStatus;
import dev.mailbell.ui.account.AccountSite;
import dev.mailbell.ui.client.ClientChoice;
import dev.mailbell.ui.client.ClientUi;
import dev.mailbell.ui.cluster.ConfigurationPages;
import dev.mailbell.ui.cluster.HostPages;
import dev.mailbell.ui.cluster.NodePages;
import dev.mailbell.ui.event.EventPages;
import dev.mailbell.ui.overview.OverviewPages;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.ui.webhook.WebhookUi;
import java.time.InstantSource;

/** Builds the pages for people under {@code /ui/}. */
public final class Ui implements Api.Pages {
    private final Parts parts;

    /**
     * What the pages show and act on.
     *
     * @param api the parts of the API
     * @param status what each node knows of itself
     * @param version the program's version
     */
    public record Parts(
            Api.Parts api, ClusterStatus status, LiveConfiguration configuration, String version) {}

    public Ui(Parts parts) {
        this.parts = parts;
    }

    /** The pages stand in the navigation in the order of this method. */
    @Override
    public void addTo(Routes routes, Api.Shared shared) {
        Api.Parts api = parts.api();
        LiveConfiguration configuration = parts.configuration();
        Pages pages =
                new Pages(
                        routes,
                        new Pages.Parts(
                                shared.access(),
                                api.jdbi(),
                                api.keyring(),
                                configuration.get().http(),
                                parts.version(),
                                api.clock()));
        new OverviewPages(api.jdbi(), api.cluster(), parts.status(), api.notReady()).addTo(pages);
        ClientChoice choice = new ClientChoice(shared.clients());
        addWebhooks(pages, shared, choice);
        AccountSite.addTo(pages, api, shared);
        new HostPages(parts.status(), configuration).addTo(pages);
        new NodePages(api.cluster(), parts.status()).addTo(pages);
        clients(shared, choice).addTo(pages);
        new ConfigurationPages(configuration, api.reload()).addTo(pages);
    }

    private void addWebhooks(Pages pages, Api.Shared shared, ClientChoice choice) {
        Api.Parts api = parts.api();
        new WebhookUi(api.jdbi(), choice, shared.webhooks(), api.webhooks()).addTo(pages);
        EventStore events = new EventStore(api.jdbi());
        new EventPages(choice, events, new EventStreamRoute(events, shared.streams())).addTo(pages);
    }

    private ClientUi clients(Api.Shared shared, ClientChoice choice) {
        InstantSource clock = parts.api().clock();
        return new ClientUi(
                choice,
                shared.clients(),
                shared.keys(),
                new ClientActions(shared.clients(), clock),
                new KeyActions(shared.keys(), shared.known(), clock),
                new PortalLinkActions(
                        new PortalLinkStore(parts.api().jdbi()), shared.publicUrl()::of, clock),
                new AuditStore(parts.api().jdbi()),
                shared.access());
    }
}
