package dev.mailbell.mail.auth;

import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.http.GuardedHttp;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Access tokens, kept in memory and renewed five minutes before they expire; one request per
 * account at a time. While a token is valid, a failed renewal does not fail the caller.
 */
public final class AccessTokens implements TokenSource {
    // The most accounts that one client may have; a Microsoft token is about 2 KB.
    private static final int MAX_ACCOUNTS = 100_000;

    private final AccountTokens.Tools tools;
    private final int most;
    private final Map<UUID, AccountTokens> byAccount = new LinkedHashMap<>(16, 0.75f, true);

    /**
     * @param http its guard decides which token URLs may be requested
     */
    public AccessTokens(
            GuardedHttp http,
            RefreshTokenStore store,
            InstantSource clock,
            RandomGenerator random) {
        this(http, store, clock, random, MAX_ACCOUNTS);
    }

    AccessTokens(
            GuardedHttp http,
            RefreshTokenStore store,
            InstantSource clock,
            RandomGenerator random,
            int most) {
        this.tools =
                new AccountTokens.Tools(
                        new TokenEndpoint(http, clock),
                        store,
                        new SpentTokens(clock),
                        clock,
                        random);
        this.most = most;
    }

    @Override
    public String accessToken(UUID accountId, TokenGrant grant, Deadline deadline) {
        return tokens(accountId, grant).accessToken(deadline);
    }

    @Override
    public void refused(UUID accountId) {
        synchronized (byAccount) {
            AccountTokens tokens = byAccount.get(accountId);
            if (tokens != null) {
                tokens.refused();
            }
        }
    }

    @Override
    public void forget(UUID accountId) {
        synchronized (byAccount) {
            AccountTokens tokens = byAccount.remove(accountId);
            if (tokens != null) {
                tokens.forget();
            }
        }
    }

    private AccountTokens tokens(UUID accountId, TokenGrant grant) {
        synchronized (byAccount) {
            AccountTokens present = byAccount.get(accountId);
            if (present != null && present.covers(grant)) {
                return present;
            }
            if (present != null) {
                present.forget();
            }
            AccountTokens fresh = new AccountTokens(accountId, grant, tools);
            byAccount.put(accountId, fresh);
            if (byAccount.size() > most) {
                dropOldest();
            }
            return fresh;
        }
    }

    private void dropOldest() {
        Iterator<AccountTokens> oldestFirst = byAccount.values().iterator();
        int excess = byAccount.size() - most;
        while (excess > 0 && oldestFirst.hasNext()) {
            if (oldestFirst.next().isDroppable()) {
                oldestFirst.remove();
                excess--;
            }
        }
    }
}
