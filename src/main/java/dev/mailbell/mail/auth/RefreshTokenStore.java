package dev.mailbell.mail.auth;

import java.util.UUID;

/** Stores refresh tokens that a server has replaced (rotation; RFC 6749, §6). */
@FunctionalInterface
public interface RefreshTokenStore {
    /**
     * Stores the new token before the access token issued with it is used, because the server may
     * refuse the old one from now on. Returns when it is durable. After an exception the access
     * token is not used, and the call is repeated at the next request for one.
     *
     * @param usedRefreshToken the token it replaces; if the account has another one by now, because
     *     its owner changed the login meanwhile, nothing is stored
     * @return false if nothing was stored
     */
    boolean replaced(UUID accountId, String usedRefreshToken, String newRefreshToken);
}
