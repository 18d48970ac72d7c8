package dev.mailbell.watch.record;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStateTable.LastCheck;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.FencedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * When accounts were last checked: kept in memory at every check, written once an hour, at the stop
 * and when their shards are released. A check that finds nothing must not cost a write; what a
 * crash loses only makes the count of a mailbox that was reset meanwhile less exact.
 */
public final class LastChecked {
    /** Written at once: a short statement, however many accounts there are. */
    private static final int BATCH = 1_000;

    private final AccountStateTable accounts;
    private final Ownership ownership;
    private Map<UUID, Instant> notes = new HashMap<>();

    public LastChecked(AccountStateTable accounts, Ownership ownership) {
        this.accounts = accounts;
        this.ownership = ownership;
    }

    public synchronized void note(UUID accountId, Instant at) {
        notes.put(accountId, at);
    }

    /**
     * Writes what was noted since the last time, except of shards that this node does not own any
     * more; what cannot be written now is kept for the next time.
     */
    public void flush() {
        if (ownership.isActive()) {
            write(takeAll());
        }
    }

    /** The same of these shards alone. */
    public void flush(Set<Integer> shards) {
        write(take(shards));
    }

    /** Forgets what was noted of accounts of these shards. */
    public void forget(Set<Integer> shards) {
        take(shards);
    }

    private synchronized Map<UUID, Instant> takeAll() {
        Map<UUID, Instant> noted = notes;
        notes = new HashMap<>();
        return noted;
    }

    private synchronized Map<UUID, Instant> take(Set<Integer> shards) {
        Map<UUID, Instant> noted = new HashMap<>();
        notes.entrySet()
                .removeIf(note -> {
                    boolean taken = shards.contains(Account.shardOf(note.getKey()));
                    if (taken) {
                        noted.put(note.getKey(), note.getValue());
                    }
                    return taken;
                });
        return noted;
    }

    private void write(Map<UUID, Instant> noted) {
        List<LastCheck> rest = owned(noted);
        try {
            while (!rest.isEmpty()) {
                List<LastCheck> batch = rest.subList(Math.max(0, rest.size() - BATCH), rest.size());
                accounts.setLastChecked(batch);
                batch.clear();
            }
        } catch (RuntimeException e) {
            synchronized (this) {
                rest.forEach(check -> notes.putIfAbsent(check.id(), check.at()));
            }
            throw e;
        }
    }

    private List<LastCheck> owned(Map<UUID, Instant> noted) {
        Map<Integer, Optional<ShardFence>> fences = new HashMap<>();
        List<LastCheck> owned = new ArrayList<>(noted.size());
        noted.forEach((id, at) ->
                fences.computeIfAbsent(Account.shardOf(id), this::fence)
                        .ifPresent(fence ->
                                owned.add(new LastCheck(id, at, fence.shard(), fence.epoch()))));
        return owned;
    }

    private Optional<ShardFence> fence(int shard) {
        try {
            return Optional.of(ownership.fence(shard));
        } catch (FencedException lost) {
            return Optional.empty();
        }
    }
}
