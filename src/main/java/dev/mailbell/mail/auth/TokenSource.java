package dev.mailbell.mail.auth;

import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import java.util.UUID;

/** Access tokens for logins. */
public interface TokenSource {

    /**
     * A token that lives for at least the next seconds: a kept one, or one asked for now. Callers
     * for one account share one request.
     *
     * @param grant as the account holds it now
     * @throws MailFailure {@code token_refused} when only the owner can mend it; {@code
     *     rate_limited} and {@code server_error} with the wait that the server asked for; {@code
     *     timeout}, {@code connect_failed}, {@code tls_failed}, {@code blocked_address} or {@code
     *     protocol_error} otherwise
     * @throws RuntimeException of the {@link RefreshTokenStore} when a replaced refresh token could
     *     not be stored
     */
    String accessToken(UUID accountId, OAuthGrant grant, Deadline deadline);

    /** The mail server refused the account's token: it is not given out again. */
    void refused(UUID accountId);

    /** The account's login was changed or the account removed: nothing of it is kept. */
    void forget(UUID accountId);
}
