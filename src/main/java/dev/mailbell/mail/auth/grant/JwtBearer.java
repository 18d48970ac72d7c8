package dev.mailbell.mail.auth.grant;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The right to act as a user by a signed assertion (RFC 7523, §2.1): a Google service account with
 * domain-wide delegation.
 *
 * @param issuer the {@code iss}: the service account
 * @param subject the {@code sub}: the user
 * @param scope space separated; null for none
 * @param scopeAsClaim whether the scope is a claim of the assertion, as Google wants it; otherwise
 *     it is a parameter of the request
 */
public record JwtBearer(
        String issuer,
        SigningKey key,
        String subject,
        URI endpoint,
        @Nullable String scope,
        boolean scopeAsClaim)
        implements TokenGrant {

    /** None: an assertion is signed for one request, and the key is not sent. */
    @Override
    public List<String> secrets() {
        return List.of();
    }

    @Override
    public String toString() {
        return "JwtBearer[redacted]";
    }
}
