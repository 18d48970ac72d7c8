package dev.mailbell.mail.auth;

import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.auth.grant.CodeGrant;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.http.GuardedHttp;
import java.time.InstantSource;
import java.util.Optional;

/** Trades the authorization code of a consent for a refresh token (RFC 6749, §4.1.3). */
public final class CodeExchange {
    private final TokenEndpoint endpoint;

    /**
     * @param http its guard decides which token URLs may be requested
     */
    public CodeExchange(GuardedHttp http, InstantSource clock) {
        this.endpoint = new TokenEndpoint(http, clock);
    }

    /**
     * @return the refresh token; empty when the endpoint issued an access token only
     * @throws MailFailure as specified by {@link TokenSource#accessToken}
     */
    public Optional<String> refreshToken(CodeGrant code, Deadline deadline) {
        return Optional.ofNullable(endpoint.request(code, deadline).replacement());
    }
}
