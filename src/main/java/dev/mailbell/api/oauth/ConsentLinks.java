package dev.mailbell.api.oauth;

import com.nimbusds.oauth2.sdk.AuthorizationRequest;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import dev.mailbell.account.Account;
import dev.mailbell.account.MailSettings;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.oauth.ConsentStore;
import dev.mailbell.oauth.OAuthApp;
import dev.mailbell.oauth.OAuthApps;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;

/** Makes consent links, and the URLs of providers that they lead to. */
public final class ConsentLinks {
    static final String START = "/oauth/start/";
    static final String CALLBACK = "/oauth/callback";

    private static final Duration LIFE = Duration.ofMinutes(15);

    private final OAuthApps apps;
    private final ConsentStore consents;
    private final PublicUrl publicUrl;
    private final InstantSource clock;

    public ConsentLinks(
            OAuthApps apps, ConsentStore consents, PublicUrl publicUrl, InstantSource clock) {
        this.apps = apps;
        this.consents = consents;
        this.publicUrl = publicUrl;
        this.clock = clock;
    }

    /** A link for the owner of a mailbox. */
    public record Link(String url, Instant expiresAt) {
        @Override
        public String toString() {
            return "Link[redacted]";
        }
    }

    /**
     * Makes a link for an account, which replaces an earlier one.
     *
     * @throws ProblemException 409 when the account has no app that allows consent
     */
    public Link issue(Account account) {
        requireConsent(account);
        UUID app = account.app();
        if (app == null) {
            throw new IllegalStateException("an account without an app allows consent");
        }
        String token = ConsentToken.random();
        Instant expires = clock.instant().plus(LIFE).truncatedTo(ChronoUnit.MILLIS);
        consents.put(account.id(), app, ConsentToken.hash(token), expires);
        return new Link(publicUrl.of(START + token), expires);
    }

    /**
     * @throws ProblemException 409 when the account has no app that allows consent
     */
    public void requireConsent(Account account) {
        boolean allowed =
                Optional.ofNullable(account.app())
                        .flatMap(id -> apps.store().find(account.clientId(), id))
                        .filter(OAuthApp::allowsConsent)
                        .isPresent();
        if (!allowed) {
            throw new ProblemException(
                    Problem.conflict(
                            "no-consent",
                            "the account names no app (mail.oauth2.app) whose grant is"
                                    + " refresh_token and that has an authorizationUrl"));
        }
    }

    /** The redirect URL of an app. */
    URI redirectUrl(OAuthApp app) {
        String own = app.redirectUrl();
        return URI.create(own == null ? publicUrl.of(CALLBACK) : own);
    }

    /** Whether browsers send cookies over https alone. */
    boolean areSecure() {
        return publicUrl.isHttps();
    }

    /** The provider's URL where the owner consents (RFC 6749, §4.1.1; RFC 7636). */
    URI authorization(OAuthApp app, MailSettings mail, ConsentToken token) {
        AuthorizationRequest.Builder request =
                new AuthorizationRequest.Builder(
                                ResponseType.CODE, new ClientID(app.oauthClientId()))
                        .endpointURI(app.authorizationEndpoint().orElseThrow())
                        .redirectionURI(redirectUrl(app))
                        .state(new State(token.state()))
                        .codeChallenge(new CodeVerifier(token.verifier()), CodeChallengeMethod.S256)
                        .customParameter("login_hint", mail.username());
        String scope =
                app.scope() != null
                        ? app.scope()
                        : app.provider().consentScope(mail.protocol()).orElse(null);
        if (scope != null) {
            request.scope(Scope.parse(scope));
        }
        for (String parameter : app.provider().offlineParameters()) {
            int equals = parameter.indexOf('=');
            request.customParameter(
                    parameter.substring(0, equals), parameter.substring(equals + 1));
        }
        return request.build().toURI();
    }
}
