package dev.mailbell.watch.shard;

import dev.mailbell.account.Account;
import dev.mailbell.account.NewAccounts;
import dev.mailbell.database.Database;
import dev.mailbell.watch.account.WatchedAccount;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** Begins to watch accounts that were registered together, with one statement for all of them. */
public final class NewlyRegistered {
    private final NewAccounts table;
    private final ShardLoader shards;
    private final WatchedAccounts accounts;

    public NewlyRegistered(NewAccounts table, ShardLoader shards, WatchedAccounts accounts) {
        this.table = table;
        this.shards = shards;
        this.accounts = accounts;
    }

    /** Watches those of the accounts that are of this node. */
    public void watch(List<Account> registered) {
        List<Account> changed = new ArrayList<>();
        Map<WatchedAccount, BooleanSupplier> added = new HashMap<>();
        for (Account account : registered) {
            BooleanSupplier holds = shards.holding(account.shard());
            if (!holds.getAsBoolean()) {
                continue;
            }
            WatchedAccount fresh = accounts.first(account);
            if (accounts.putNew(fresh)) {
                added.put(fresh, holds);
            } else {
                changed.add(account);
            }
        }
        // A change that is committed after this statement is reported after it, and replaces what
        // was put; one that was reported before is found by it.
        Set<UUID> unchanged;
        try {
            unchanged = unchanged(added.keySet().stream().map(WatchedAccount::account).toList());
        } catch (RuntimeException e) {
            // They are under watch already, and need a timer.
            added.forEach(accounts::begin);
            throw e;
        }
        added.forEach((fresh, holds) -> {
            if (unchanged.contains(fresh.account().id())) {
                accounts.begin(fresh, holds);
            } else {
                changed.add(fresh.account());
            }
        });
        changed.forEach(accounts::watch);
    }

    /** Where the database is away right after the commit, the accounts that were committed. */
    private Set<UUID> unchanged(List<Account> committed) {
        if (committed.isEmpty()) {
            return Set.of();
        }
        try {
            return table.unchanged(committed);
        } catch (RuntimeException e) {
            if (Database.isAway(e)) {
                return committed.stream().map(Account::id).collect(Collectors.toSet());
            }
            throw e;
        }
    }
}
