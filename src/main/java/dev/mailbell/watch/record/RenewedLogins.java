package dev.mailbell.watch.record;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.util.Optional;

/**
 * Finds logins that another node renewed after this one had read them: the node that had the
 * account before may get the answer of the token endpoint late, and the endpoint refuses the token
 * before.
 */
public final class RenewedLogins {
    private final AccountStore accounts;
    private final LoginSecrets secrets;
    private final DatabasePermits database;

    public RenewedLogins(AccountStore accounts, LoginSecrets secrets, DatabasePermits database) {
        this.accounts = accounts;
        this.secrets = secrets;
        this.database = database;
    }

    /** The account as it is stored, where its token was refused and its row has another login. */
    public Optional<Account> after(MailFailure failure, Account refused) {
        if (failure.code() != FailureCode.TOKEN_REFUSED) {
            return Optional.empty();
        }
        return database.through(() -> accounts.find(refused.id()))
                .filter(refused::hasSettingsOf)
                .filter(stored -> !secrets.open(stored).equals(secrets.open(refused)));
    }
}
