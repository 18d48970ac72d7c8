package dev.mailbell.mail.auth.grant;

import dev.mailbell.secret.Secret;
import java.net.URI;
import java.util.List;
import java.util.UUID;

/**
 * An endpoint of the client that hands out current access tokens. Requests are signed as webhook
 * deliveries are.
 *
 * @param username the user name of the login that the token is for
 */
public record TokenSupplier(URI endpoint, Secret signingSecret, UUID accountId, String username)
        implements TokenGrant {

    @Override
    public List<String> secrets() {
        return List.of(signingSecret.reveal());
    }

    @Override
    public String toString() {
        return "TokenSupplier[redacted]";
    }
}
