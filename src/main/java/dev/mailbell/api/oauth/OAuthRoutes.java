package dev.mailbell.api.oauth;

import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.GuardedUrls;
import dev.mailbell.mail.auth.CodeExchange;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.oauth.ConsentStore;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.watch.Watch;
import java.time.InstantSource;
import org.jdbi.v3.core.Jdbi;

/** Builds the routes of apps and the pages of consents. */
public final class OAuthRoutes {
    private final OAuthAppRoutes apps;
    private final ConsentPages pages;

    public OAuthRoutes(
            Jdbi jdbi,
            OAuthApps apps,
            CodeExchange codes,
            ConsentLinks links,
            LoginSecrets secrets,
            Watch watch,
            AddressGuard guard,
            Idempotency idempotency,
            InstantSource clock) {
        this.apps = new OAuthAppRoutes(apps, new GuardedUrls(guard), links, idempotency, clock);
        ConsentStore consents = new ConsentStore(jdbi);
        this.pages =
                new ConsentPages(
                        links,
                        consents,
                        new ConsentedAccounts(
                                jdbi, new AccountStore(jdbi), consents, secrets, watch, clock),
                        apps,
                        codes,
                        clock);
    }

    public void addTo(Routes routes) {
        apps.addTo(routes);
        pages.addTo(routes);
    }
}
