package dev.mailbell.watch.record;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.mail.auth.RefreshTokenStore;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/** Keeps the refresh tokens that providers renew: in the account's row first, then in memory. */
public final class StoredRefreshTokens implements RefreshTokenStore {
    private final AccountStore accounts;
    private final LoginSecrets secrets;
    private final Consumer<Account> changed;

    /**
     * @param changed called with each account whose login was replaced
     */
    public StoredRefreshTokens(
            AccountStore accounts, LoginSecrets secrets, Consumer<Account> changed) {
        this.accounts = accounts;
        this.secrets = secrets;
        this.changed = changed;
    }

    @Override
    public void replaced(UUID accountId, String usedRefreshToken, String newRefreshToken) {
        Optional<Account> stored = accounts.find(accountId);
        if (stored.isEmpty() || !(secrets.open(stored.get()) instanceof LoginSecret.OAuth2 grant)) {
            return;
        }
        if (!grant.refreshToken().equals(usedRefreshToken)) {
            // The owner gave a new login meanwhile; that one counts.
            return;
        }
        Account account = stored.get();
        LoginSecret.OAuth2 renewed =
                new LoginSecret.OAuth2(
                        grant.provider(),
                        grant.clientId(),
                        grant.clientSecret(),
                        newRefreshToken,
                        grant.tokenUrl(),
                        grant.scope());
        byte[] credential = secrets.seal(renewed, accountId);
        if (accounts.replaceCredential(accountId, account.credential(), credential)) {
            changed.accept(account.withCredential(credential));
        }
    }
}
