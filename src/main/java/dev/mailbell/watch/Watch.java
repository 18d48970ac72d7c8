package dev.mailbell.watch;

import dev.mailbell.account.Account;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/** The watch over all accounts: which accounts are watched, and the commands to each. */
public interface Watch extends AccountCommands {

    /**
     * Begins to watch an account that was registered or resumed, or applies its change. Returns at
     * once.
     */
    void watch(Account account);

    /** Begins to watch accounts that were registered just now. Returns at once. */
    void watchNew(List<Account> registered);

    /**
     * Accounts may have been registered, changed or removed, perhaps by another node: reads their
     * rows, and watches those that this node owns as they are now.
     */
    void changed(Collection<UUID> accountIds);

    /**
     * Ceases to watch an account that was paused or removed; a check under way ends without being
     * recorded.
     */
    void forget(UUID accountId);

    /** Ceases to watch all accounts of a client that is being erased. */
    void forgetClient(UUID clientId);
}
