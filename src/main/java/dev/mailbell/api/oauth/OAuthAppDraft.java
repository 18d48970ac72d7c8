package dev.mailbell.api.oauth;

import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.oauth.OAuthApp.Grant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An app as a request describes it, valid in form.
 *
 * @param clientSecret null when the request gives none
 * @param privateKey null when the request gives none
 */
record OAuthAppDraft(
        @Nullable String name,
        Provider provider,
        Grant grant,
        String clientId,
        @Nullable String clientSecret,
        @Nullable String privateKey,
        @Nullable String keyId,
        @Nullable String tenant,
        @Nullable String authorizationUrl,
        @Nullable String tokenUrl,
        @Nullable String redirectUrl,
        @Nullable String scope,
        List<String> mailHosts) {

    boolean hasSecret() {
        return clientSecret != null || privateKey != null;
    }

    @Override
    public String toString() {
        return "OAuthAppDraft[redacted]";
    }
}
