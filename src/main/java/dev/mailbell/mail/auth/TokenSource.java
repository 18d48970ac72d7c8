package dev.mailbell.mail.auth;

import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.network.Deadline;
import java.util.UUID;

/** Access tokens for logins. */
public interface TokenSource {

    /**
     * A token that is valid for at least the next seconds: a cached or a new one. Callers for one
     * account share one request.
     *
     * @param grant the account's current grant
     * @throws MailFailure {@code token_refused} when only the owner can correct the cause; {@code
     *     rate_limited} and {@code server_error} with the wait that the server asked for; {@code
     *     timeout}, {@code connect_failed}, {@code tls_failed}, {@code blocked_address} or {@code
     *     protocol_error} otherwise
     * @throws RuntimeException of the {@link RefreshTokenStore} when a replaced refresh token could
     *     not be stored
     */
    String accessToken(UUID accountId, TokenGrant grant, Deadline deadline);

    /** Records that the mail server refused the account's token, which is not returned again. */
    void refused(UUID accountId);

    /** Removes all tokens of an account whose login was changed or that was deleted. */
    void forget(UUID accountId);
}
