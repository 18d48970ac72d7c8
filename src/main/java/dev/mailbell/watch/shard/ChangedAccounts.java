package dev.mailbell.watch.shard;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStateTable.Stored;
import dev.mailbell.account.AccountStore;
import dev.mailbell.watch.account.WatchedAccount;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Applies changes that perhaps another node has made in the table. An account that is watched as it
 * is there already, because this node made the change, keeps its session.
 */
public final class ChangedAccounts {
    /** Accounts in one statement. */
    private static final int READ_AT_ONCE = 1_000;

    private final AccountStore table;
    private final ShardLoader shards;
    private final WatchedAccounts accounts;

    public ChangedAccounts(AccountStore table, ShardLoader shards, WatchedAccounts accounts) {
        this.table = table;
        this.shards = shards;
        this.accounts = accounts;
    }

    /** Reads the accounts of this node among them, and watches each as it is now. */
    public void changed(Collection<UUID> accountIds) {
        read(accountIds, false);
    }

    /**
     * The same where the table may lack what this node has written: a login that a provider has
     * renewed since is the newer one, and a state is written again.
     */
    public void mayBeOlder(Collection<UUID> accountIds) {
        read(accountIds, true);
    }

    private void read(Collection<UUID> accountIds, boolean older) {
        List<UUID> own =
                accountIds.stream()
                        .distinct()
                        .filter(id -> shards.watches(Account.shardOf(id)))
                        .toList();
        for (int from = 0; from < own.size(); from += READ_AT_ONCE) {
            apply(own.subList(from, Math.min(own.size(), from + READ_AT_ONCE)), older);
        }
    }

    private void apply(List<UUID> ids, boolean older) {
        Map<UUID, Account> rows =
                table.findInUse(ids).stream()
                        .map(Stored::account)
                        .filter(Account::isWatched)
                        .collect(Collectors.toMap(Account::id, row -> row));
        for (UUID id : ids) {
            accounts.touch(id);
            Optional<WatchedAccount> watched = accounts.find(id);
            Optional<Account> row = Optional.ofNullable(rows.get(id));
            // Without a row, also an account that the loader is putting just now is taken away.
            if (row.isEmpty() || watched.isEmpty() || !isSame(watched.get(), row.get(), older)) {
                accounts.readAgain(id);
            } else if (older) {
                watched.get().stateIs(row.get().state());
            }
        }
    }

    private static boolean isSame(WatchedAccount watched, Account row, boolean older) {
        Account account = watched.account();
        return account.hasSettingsOf(row)
                && (older || Arrays.equals(row.credential(), account.credential()));
    }
}
