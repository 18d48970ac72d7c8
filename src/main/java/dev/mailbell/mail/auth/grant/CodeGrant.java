package dev.mailbell.mail.auth.grant;

import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/**
 * An authorization code, which a provider gave to the browser of a mailbox's owner (RFC 6749,
 * §4.1.3).
 *
 * @param redirect the redirect URL of the authorization request
 * @param verifier of PKCE (RFC 7636, §4.5)
 */
public record CodeGrant(
        OAuthClient client, URI endpoint, String code, URI redirect, String verifier)
        implements TokenGrant {

    @Override
    public List<String> secrets() {
        return Stream.concat(client.secrets().stream(), Stream.of(code, verifier)).toList();
    }

    @Override
    public String toString() {
        return "CodeGrant[redacted]";
    }
}
