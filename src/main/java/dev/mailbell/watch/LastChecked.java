package dev.mailbell.watch;

import dev.mailbell.account.AccountStore;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * When accounts were last checked: noted in memory at every look, written in batches at most once a
 * minute.
 */
final class LastChecked {
    private final AccountStore accounts;
    private Map<UUID, Instant> notes = new HashMap<>();

    LastChecked(AccountStore accounts) {
        this.accounts = accounts;
    }

    synchronized void note(UUID accountId, Instant at) {
        notes.put(accountId, at);
    }

    /**
     * Writes what was noted since the last time; what cannot be written now is kept for the next
     * time.
     */
    void flush() {
        Map<UUID, Instant> batch;
        synchronized (this) {
            batch = notes;
            notes = new HashMap<>();
        }
        try {
            accounts.setLastChecked(batch);
        } catch (RuntimeException e) {
            synchronized (this) {
                batch.forEach(notes::putIfAbsent);
            }
            throw e;
        }
    }
}
