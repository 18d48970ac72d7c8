package dev.mailbell.mail.auth;

import java.util.UUID;

/** Keeps refresh tokens that a server replaced (rotation; RFC 6749, §6). */
@FunctionalInterface
public interface RefreshTokenStore {
    /**
     * Stores the new token before anything that came with it is used: from now on the server may
     * refuse the old one. Returns when it is durable. An exception keeps the access token from
     * being used, and the call is repeated at the next request for one.
     *
     * @param usedRefreshToken the one it replaces: when the account holds another by now, because
     *     its owner changed the login meanwhile, leave that one alone
     */
    void replaced(UUID accountId, String usedRefreshToken, String newRefreshToken);
}
