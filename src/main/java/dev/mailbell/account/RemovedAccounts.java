package dev.mailbell.account;

import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/**
 * The removal of accounts with everything that hangs on them, in transactions of bounded size. What
 * a removal leaves of the logs is listed in a table, so that it is found again after a crash.
 */
public final class RemovedAccounts {
    /** Accounts in one statement. */
    private static final int MAX_ACCOUNTS = 100;

    /** Transactions that delete logs before {@link #remove} returns. */
    private static final int AT_ONCE = 4;

    private final Jdbi jdbi;
    private final LogRows logs;

    public RemovedAccounts(Jdbi jdbi) {
        this.jdbi = jdbi;
        this.logs = new LogRows(jdbi);
    }

    /** How far a removal has come. */
    public enum Removal {
        /** There was no such account. */
        NONE,
        /** No row of the account is left. */
        COMPLETE,
        /** The account is gone; {@link #deleteSome} has to delete the rest of its logs. */
        LOGS_LEFT
    }

    /**
     * Removes an account. When this returns, no check records anything of it, and none of its
     * deliveries is in the table as pending.
     */
    public Removal remove(UUID clientId, UUID id) {
        if (removeRows(clientId, id) == 0) {
            return Removal.NONE;
        }
        deletePending(id);
        for (int i = 0; i < AT_ONCE; i++) {
            if (!deleteLogs(id)) {
                return Removal.COMPLETE;
            }
        }
        return Removal.LOGS_LEFT;
    }

    /**
     * Removes some accounts of a client, all but their logs.
     *
     * @return false when it has no more
     */
    public boolean removeSomeOf(UUID clientId) {
        UUID[] ids =
                ids(
                        "select id from account where client_id = :client order by id limit "
                                + MAX_ACCOUNTS,
                        clientId);
        if (ids.length == 0) {
            return false;
        }
        removeRows(clientId, ids);
        deletePending(ids);
        return true;
    }

    private UUID[] ids(String query, UUID clientId) {
        List<UUID> found =
                jdbi.withHandle(handle ->
                        handle.createQuery(query)
                                .bind("client", clientId)
                                .mapTo(UUID.class)
                                .list());
        return found.toArray(UUID[]::new);
    }

    /**
     * Removes the rows of accounts first: that waits for transactions that record something of
     * them, and later statements see what those wrote.
     */
    private int removeRows(UUID clientId, UUID... ids) {
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                """
                                with gone as (
                                    delete from account where client_id = :client and id = any (:ids) returning id, client_id
                                )
                                insert into removed_account (id, client_id) select id, client_id from gone\
                                """)
                        .bind("client", clientId)
                        .bind("ids", ids)
                        .execute());
    }

    private void deletePending(UUID... ids) {
        // Deferred ones first, because the thread that makes deliveries of them holds these rows.
        while (logs.deleteDeferred(ids) == LogRows.BATCH) {
            continue;
        }
        while (logs.deletePending(ids) == LogRows.BATCH) {
            continue;
        }
    }

    /**
     * Deletes some of the logs that removed accounts have left.
     *
     * @return false when there are no more
     */
    public boolean deleteSome() {
        List<UUID> left =
                jdbi.withHandle(handle ->
                        handle.createQuery(
                                        "select id from removed_account order by removed_at, id limit "
                                                + MAX_ACCOUNTS)
                                .mapTo(UUID.class)
                                .list());
        if (left.isEmpty()) {
            return false;
        }
        deleteLogs(left.toArray(UUID[]::new));
        return true;
    }

    /** Answers whether any are left. */
    private boolean deleteLogs(UUID... ids) {
        if (logs.deleteDeferred(ids) == LogRows.BATCH
                || logs.deleteDeliveriesOfAccounts(ids) == LogRows.BATCH
                || logs.deleteEventsOfAccounts(ids) == LogRows.BATCH) {
            return true;
        }
        jdbi.useHandle(handle ->
                handle.createUpdate("delete from removed_account where id = any (:ids)")
                        .bind("ids", ids)
                        .execute());
        return false;
    }
}
