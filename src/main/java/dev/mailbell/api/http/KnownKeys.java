package dev.mailbell.api.http;

import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.KnownKey;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks keys up in the database, and remembers each for two seconds. A key that another node or the
 * command line revokes is refused here once its change notice is read, after that time at the
 * latest.
 */
public final class KnownKeys {
    private static final long REMEMBERED = Duration.ofSeconds(2).toNanos();
    private static final int MAX_KEYS = 10_000;

    private final ApiKeyStore store;
    private final LongSupplier nanoTime;

    /** By hash, those used last at the end. Only keys that the database has are in it. */
    private final Map<ByteBuffer, Seen> entries =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Seen> eldest) {
                    return size() > MAX_KEYS;
                }
            };

    /** Raised when keys change, so that a lookup under way does not store what it read before. */
    private long changes;

    private record Seen(KnownKey key, long at) {}

    /**
     * @param nanoTime the monotonic clock
     */
    public KnownKeys(ApiKeyStore store, LongSupplier nanoTime) {
        this.store = store;
        this.nanoTime = nanoTime;
    }

    /**
     * Finds the key with the hash of its text, also an expired one.
     *
     * @param beforeUnknown runs before the database is asked for a key that was not known lately;
     *     an exception prevents that
     */
    Optional<KnownKey> find(byte[] text, Runnable beforeUnknown) {
        ByteBuffer hash = ByteBuffer.wrap(text).asReadOnlyBuffer();
        long changesBefore;
        Seen entry;
        synchronized (this) {
            entry = entries.get(hash);
            changesBefore = changes;
        }
        if (entry == null) {
            beforeUnknown.run();
        } else if (nanoTime.getAsLong() - entry.at() < REMEMBERED) {
            return Optional.of(entry.key());
        }
        long now = nanoTime.getAsLong();
        Optional<KnownKey> found = store.known(text);
        remember(hash, found.orElse(null), now, changesBefore);
        return found;
    }

    private synchronized void remember(
            ByteBuffer hash, @Nullable KnownKey key, long at, long changesBefore) {
        if (key == null || changes != changesBefore) {
            entries.remove(hash);
        } else {
            entries.put(hash, new Seen(key, at));
        }
    }

    /**
     * Keys or clients have changed: each key is looked up again. The entries stay, because a lookup
     * of a key that was valid a moment ago counts against no limit.
     */
    public synchronized void changed() {
        changes++;
        entries.replaceAll((hash, seen) -> new Seen(seen.key(), seen.at() - REMEMBERED));
    }
}
