package dev.mailbell.watch;

import dev.mailbell.account.Account;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/**
 * The watch over the accounts of this node's shards: which accounts are watched, and the commands
 * to each. What it is said of accounts of other nodes has no effect here.
 */
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
     * rows, and watches those that this node owns as they are now. One that is watched so already
     * keeps its session.
     *
     * @throws RuntimeException of {@link dev.mailbell.database.Database#isAway} when the rows
     *     cannot be read: to be repeated
     */
    void changed(Collection<UUID> accountIds);

    /** Changes may have been missed: as {@link #changed}, of all accounts of this node. */
    void allChanged();

    /**
     * The database may have failed over to a server that lacks the latest transactions: as {@link
     * #allChanged}, and the next check of each account goes by the marks that are in the table.
     */
    void mayHaveFailedOver();

    /**
     * Ceases to watch an account that was paused or removed; a check under way ends without being
     * recorded.
     */
    void forget(UUID accountId);

    /** Ceases to watch all accounts of a client that is being erased. */
    void forgetClient(UUID clientId);
}
