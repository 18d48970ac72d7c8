package dev.mailbell.api.oauth;

import dev.mailbell.oauth.OAuthApp;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An app as clients see it, without its secret.
 *
 * @param redirectUrl the one in effect; null for apps without consent
 */
record OAuthAppView(
        UUID id,
        @Nullable String name,
        String provider,
        String grant,
        String clientId,
        String proof,
        @Nullable String keyId,
        @Nullable String tenant,
        @Nullable String authorizationUrl,
        String tokenUrl,
        @Nullable String redirectUrl,
        @Nullable String scope,
        List<String> mailHosts,
        boolean consent,
        Instant createdAt,
        Instant updatedAt) {

    static OAuthAppView of(OAuthApp app, ConsentLinks links) {
        boolean consent = app.allowsConsent();
        return new OAuthAppView(
                app.id(),
                app.name(),
                app.provider().wireName(),
                app.grant().wireName(),
                app.oauthClientId(),
                app.proof().wireName(),
                app.keyId(),
                app.tenant(),
                consent ? app.authorizationEndpoint().map(Object::toString).orElse(null) : null,
                app.tokenEndpoint().toString(),
                consent ? links.redirectUrl(app).toString() : null,
                app.scope(),
                app.mailHosts(),
                consent,
                app.createdAt(),
                app.updatedAt());
    }
}
