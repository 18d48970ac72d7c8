package dev.mailbell.watch.shard;

import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The accounts that were changed or removed while a page of accounts is read, whose rows in it may
 * be outdated. Safe for many threads, of which one reads pages.
 */
final class TouchedAccounts {
    /** Null while no page is read. */
    private volatile @Nullable Set<UUID> ids;

    /** A page is about to be read: what was touched before is in it as it is now. */
    void begin() {
        ids = ConcurrentHashMap.newKeySet();
    }

    /** No page is being read. */
    void end() {
        ids = null;
    }

    void add(UUID id) {
        Set<UUID> now = ids;
        if (now != null) {
            now.add(id);
        }
    }

    boolean contains(UUID id) {
        Set<UUID> now = ids;
        return now != null && now.contains(id);
    }
}
