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
    private static final int MAX_TRIES = 5;

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
    public boolean replaced(UUID accountId, String usedRefreshToken, String newRefreshToken) {
        // The row may be encrypted anew between the two statements, with the same token in it.
        for (int i = 0; i < MAX_TRIES; i++) {
            Optional<Account> stored = accounts.find(accountId);
            if (stored.isEmpty()) {
                return false;
            }
            Account account = stored.get();
            Optional<LoginSecret> renewed =
                    renewed(secrets.open(account), usedRefreshToken, newRefreshToken);
            if (renewed.isEmpty()) {
                return false;
            }
            byte[] credential = secrets.seal(renewed.get(), accountId);
            if (accounts.replaceCredential(accountId, account.credential(), credential)) {
                changed.accept(account.withCredential(credential));
                return true;
            }
        }
        throw new IllegalStateException(
                "account " + accountId + ": its login is being changed by others");
    }

    /** Empty when the owner has given a new login meanwhile; that one counts. */
    private static Optional<LoginSecret> renewed(LoginSecret present, String used, String fresh) {
        return switch (present) {
            case LoginSecret.OAuth2 grant when grant.refreshToken().equals(used) ->
                    Optional.of(
                            new LoginSecret.OAuth2(
                                    grant.provider(),
                                    grant.clientId(),
                                    grant.clientSecret(),
                                    fresh,
                                    grant.tokenUrl(),
                                    grant.scope()));
            case LoginSecret.App grant when used.equals(grant.refreshToken()) ->
                    Optional.of(grant.withRefreshToken(fresh));
            default -> Optional.empty();
        };
    }
}
