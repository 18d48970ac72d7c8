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
        List<UUID> own =
                accountIds.stream()
                        .distinct()
                        .filter(id -> shards.watches(Account.shardOf(id)))
                        .toList();
        for (int from = 0; from < own.size(); from += READ_AT_ONCE) {
            apply(own.subList(from, Math.min(own.size(), from + READ_AT_ONCE)));
        }
    }

    private void apply(List<UUID> ids) {
        Map<UUID, Account> rows =
                table.findInUse(ids).stream()
                        .map(Stored::account)
                        .filter(Account::isWatched)
                        .collect(Collectors.toMap(Account::id, row -> row));
        for (UUID id : ids) {
            accounts.touch(id);
            Optional<Account> watched = accounts.find(id).map(WatchedAccount::account);
            Optional<Account> row = Optional.ofNullable(rows.get(id));
            // Without a row, also an account that the loader is putting just now is taken away.
            if (row.isEmpty() || !isSame(watched, row)) {
                accounts.readAgain(id);
            }
        }
    }

    private static boolean isSame(Optional<Account> watched, Optional<Account> row) {
        return watched.isEmpty() && row.isEmpty()
                || watched.isPresent()
                        && row.filter(watched.get()::hasSettingsOf)
                                .filter(now ->
                                        Arrays.equals(now.credential(), watched.get().credential()))
                                .isPresent();
    }
}
