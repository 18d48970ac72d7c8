package dev.mailbell.event;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * What the feed shows at a moment: no event beside an older transaction that is under way in any
 * database of the server.
 */
public final class FeedView {
    private FeedView() {}

    /**
     * Returns when the feed shows all events that were committed before.
     *
     * @param account null for those of all accounts
     */
    public static void awaitAll(Jdbi jdbi, @Nullable UUID account) {
        if (!showsAll(jdbi, account)) {
            await().pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> showsAll(jdbi, account));
        }
    }

    private static boolean showsAll(Jdbi jdbi, @Nullable UUID account) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select not exists (select from event
                                    where (cast(:account as uuid) is null or account_id = :account)
                                        and tx >= pg_snapshot_xmin(pg_current_snapshot()))\
                                """)
                        .bindByType("account", account, UUID.class)
                        .mapTo(Boolean.class)
                        .one());
    }
}
