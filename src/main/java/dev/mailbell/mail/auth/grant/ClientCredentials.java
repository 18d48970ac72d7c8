package dev.mailbell.mail.auth.grant;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The right of an application to read mailboxes as itself (RFC 6749, §4.4): Microsoft's app-only
 * access.
 *
 * @param scope space separated; null for none
 */
public record ClientCredentials(OAuthClient client, URI endpoint, @Nullable String scope)
        implements TokenGrant {

    @Override
    public List<String> secrets() {
        return client.secrets();
    }

    @Override
    public String toString() {
        return "ClientCredentials[redacted]";
    }
}
