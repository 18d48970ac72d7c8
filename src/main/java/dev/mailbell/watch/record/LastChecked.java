package dev.mailbell.watch.record;

import dev.mailbell.account.AccountStateTable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * When accounts were last checked: kept in memory at every check, written once an hour and at the
 * stop. A check that finds nothing must not cost a write; what a crash loses only makes the count
 * of a mailbox that was reset meanwhile less exact.
 */
public final class LastChecked {
    /** Written at once: a short statement, however many accounts there are. */
    private static final int BATCH = 1_000;

    private final AccountStateTable accounts;
    private Map<UUID, Instant> notes = new HashMap<>();

    public LastChecked(AccountStateTable accounts) {
        this.accounts = accounts;
    }

    public synchronized void note(UUID accountId, Instant at) {
        notes.put(accountId, at);
    }

    /**
     * Writes what was noted since the last time; what cannot be written now is kept for the next
     * time.
     */
    public void flush() {
        Map<UUID, Instant> noted;
        synchronized (this) {
            noted = notes;
            notes = new HashMap<>();
        }
        List<Map.Entry<UUID, Instant>> rest = new ArrayList<>(noted.entrySet());
        try {
            while (!rest.isEmpty()) {
                List<Map.Entry<UUID, Instant>> batch =
                        rest.subList(Math.max(0, rest.size() - BATCH), rest.size());
                accounts.setLastChecked(batch);
                batch.clear();
            }
        } catch (RuntimeException e) {
            synchronized (this) {
                rest.forEach(entry -> notes.putIfAbsent(entry.getKey(), entry.getValue()));
            }
            throw e;
        }
    }
}
