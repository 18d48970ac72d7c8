package dev.mailbell.watch.account;

import java.util.Collection;

/**
 * How accounts are watched now.
 *
 * @param pushing a thread waits for push
 * @param polling checked at intervals
 * @param unseen the last check has not succeeded, or there was none yet
 */
public record AccountModes(int pushing, int polling, int unseen) {
    public static final AccountModes NONE = new AccountModes(0, 0, 0);

    public static AccountModes of(Collection<AccountStatus> accounts) {
        int pushing = 0;
        int polling = 0;
        for (AccountStatus account : accounts) {
            if (account.seen()) {
                pushing += account.pushing() ? 1 : 0;
                polling += account.pushing() ? 0 : 1;
            }
        }
        return new AccountModes(pushing, polling, accounts.size() - pushing - polling);
    }

    public AccountModes plus(AccountModes other) {
        return new AccountModes(
                pushing + other.pushing, polling + other.polling, unseen + other.unseen);
    }
}
