package dev.mailbell.client;

import dev.mailbell.database.Database;
import dev.mailbell.database.RecurringTask;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers when keys were used, and writes it to the database once a minute in one statement, so
 * that no request waits for it. Uses of the last minute are lost with a crash.
 */
public final class KeyUses implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KeyUses.class);
    private static final Duration INTERVAL = Duration.ofMinutes(1);

    /** More keys than that in one minute are not noted. */
    private static final int MAX_KEYS = 100_000;

    private final ApiKeyStore store;
    private final RecurringTask task;
    private Map<UUID, Instant> uses = new HashMap<>();

    public KeyUses(ApiKeyStore store) {
        this.store = store;
        this.task = new RecurringTask("key-uses", INTERVAL, this::write);
    }

    public synchronized void used(UUID keyId, Instant at) {
        if (uses.size() < MAX_KEYS || uses.containsKey(keyId)) {
            uses.merge(keyId, at, KeyUses::later);
        }
    }

    private static Instant later(Instant a, Instant b) {
        return a.isBefore(b) ? b : a;
    }

    /** Writes the uses since the last call; keeps them when the database is away. */
    public void write() {
        Map<UUID, Instant> taken = take();
        if (taken.isEmpty()) {
            return;
        }
        try {
            store.used(taken);
        } catch (RuntimeException e) {
            taken.forEach(this::used);
            if (!Database.isAway(e)) {
                throw e;
            }
            LOG.debug("The uses of keys cannot be written now: {}", Database.reason(e));
        }
    }

    private synchronized Map<UUID, Instant> take() {
        Map<UUID, Instant> taken = uses;
        uses = new HashMap<>();
        return taken;
    }

    /** Writes the last uses if the database is there. */
    @Override
    public void close() {
        task.close();
        try {
            write();
        } catch (RuntimeException e) {
            LOG.debug("The last uses of keys are not written: {}", Database.reason(e));
        }
    }
}
