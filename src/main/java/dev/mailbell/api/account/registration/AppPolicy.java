package dev.mailbell.api.account.registration;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.MailSettings;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.oauth.OAuthApp;
import dev.mailbell.oauth.OAuthApp.Grant;
import dev.mailbell.oauth.OAuthApps;
import java.util.Optional;
import java.util.UUID;

/** Checks that the OAuth 2.0 app which an account names fits its login. */
public final class AppPolicy {
    private final OAuthApps apps;

    public AppPolicy(OAuthApps apps) {
        this.apps = apps;
    }

    /**
     * @throws ProblemException 400 when there is no such app, or a member does not fit its grant;
     *     422 when its tokens may not be sent to the mail server
     */
    void requireFits(UUID clientId, MailSettings mail, LoginSecret secret) {
        if (!(secret instanceof LoginSecret.App login)) {
            return;
        }
        OAuthApp app =
                find(clientId, login)
                        .orElseThrow(() -> invalid("app", "there is no app with this id"));
        if (app.grant() != Grant.REFRESH_TOKEN && login.refreshToken() != null) {
            throw invalid("refreshToken", "is for apps with the grant refresh_token only");
        }
        if (app.grant() != Grant.JWT_BEARER && login.subject() != null) {
            throw invalid("subject", "is for apps with the grant jwt_bearer only");
        }
        if (app.grant() == Grant.REFRESH_TOKEN
                && login.refreshToken() == null
                && !app.allowsConsent()) {
            throw invalid("refreshToken", "is required: the app has no authorizationUrl");
        }
        if (!app.serves(mail.host())) {
            throw new ProblemException(
                    Problem.refused(
                            "mail-host-refused",
                            "mail.host: the app's tokens may be sent only to hosts that its"
                                    + " mailHosts names"));
        }
    }

    /** Whether a login that fits has no grant yet. */
    boolean waitsForConsent(UUID clientId, LoginSecret secret) {
        return secret instanceof LoginSecret.App login
                && login.refreshToken() == null
                && find(clientId, login)
                        .filter(app -> app.grant() == Grant.REFRESH_TOKEN)
                        .isPresent();
    }

    private Optional<OAuthApp> find(UUID clientId, LoginSecret.App login) {
        return apps.find(login.app(), query -> query)
                .map(OAuthApps.Opened::app)
                .filter(app -> app.clientId().equals(clientId));
    }

    private static ProblemException invalid(String member, String message) {
        return new ProblemException(Problem.invalid("mail.oauth2." + member, message));
    }
}
