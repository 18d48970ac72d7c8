package dev.mailbell.watch;

import dev.mailbell.account.Account;
import java.util.UUID;

/** The watch over all accounts: which accounts are watched, and the commands to each. */
public interface Watch extends AccountCommands {

    /**
     * Begins to watch an account that was registered or resumed, or applies its change. Returns at
     * once.
     */
    void watch(Account account);

    /**
     * Ceases to watch an account that was paused or removed; a check under way ends without being
     * recorded.
     */
    void forget(UUID accountId);
}
