package dev.mailbell.api.oauth;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.api.request.Instants;
import dev.mailbell.oauth.ConsentStore;
import dev.mailbell.oauth.ConsentStore.Consent;
import dev.mailbell.watch.Watch;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/** Gives accounts the grants that their owners' consents led to. */
final class ConsentedAccounts {
    private final Jdbi jdbi;
    private final AccountStore accounts;
    private final ConsentStore consents;
    private final LoginSecrets secrets;
    private final Watch watch;
    private final InstantSource clock;

    ConsentedAccounts(
            Jdbi jdbi,
            AccountStore accounts,
            ConsentStore consents,
            LoginSecrets secrets,
            Watch watch,
            InstantSource clock) {
        this.jdbi = jdbi;
        this.accounts = accounts;
        this.consents = consents;
        this.secrets = secrets;
        this.watch = watch;
        this.clock = clock;
    }

    /** The account of a consent, if it still names the app. */
    Optional<Account> find(Consent consent) {
        return accounts.find(consent.clientId(), consent.accountId())
                .filter(account -> consent.appId().equals(account.app()));
    }

    /**
     * Stores the grant and uses up the link, both or neither; then the account begins to connect.
     *
     * @return false when the account is gone or names another app by now, or the link was replaced
     */
    boolean grant(Consent consent, String refreshToken, byte[] tokenHash) {
        Account granted;
        try {
            granted =
                    jdbi.inTransaction(handle -> {
                        Account stored = store(consent, refreshToken);
                        if (!consents.use(tokenHash, clock.instant())) {
                            throw new StaleConsentException();
                        }
                        return stored;
                    });
        } catch (StaleConsentException e) {
            return false;
        }
        if (granted.state() != AccountState.PAUSED) {
            watch.watch(granted);
        }
        return true;
    }

    /** Undoes the transaction. */
    private static final class StaleConsentException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private Account store(Consent consent, String refreshToken) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        return accounts.change(
                        consent.clientId(),
                        consent.accountId(),
                        account -> {
                            if (!consent.appId().equals(account.app())
                                    || !(secrets.open(account) instanceof LoginSecret.App login)) {
                                throw new StaleConsentException();
                            }
                            return account.consented(
                                    secrets.seal(
                                            login.withRefreshToken(refreshToken), account.id()),
                                    Instants.later(now, account.updatedAt().plusMillis(1)));
                        })
                .orElseThrow(StaleConsentException::new);
    }
}
