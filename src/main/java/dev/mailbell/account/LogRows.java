package dev.mailbell.account;

import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Deletes rows of the logs, a few thousand in a transaction: a table of millions of them is not
 * locked for long, and a statement ends within its time. Each method returns how many rows it
 * deleted; fewer than {@link #BATCH} were the last ones.
 */
public final class LogRows {
    public static final int BATCH = 5_000;

    private final Jdbi jdbi;

    public LogRows(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Deletes the deferred deliveries of accounts; waits for the thread that makes them. */
    public int deleteDeferred(UUID... accounts) {
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                """
                                delete from fanout where event_id = any(array(
                                    select event_id from fanout where account_id = any (:ids) limit :batch))\
                                """)
                        .bind("ids", accounts)
                        .bind("batch", BATCH)
                        .execute());
    }

    /** Deletes the deliveries of accounts that are yet to be sent, with their attempts. */
    public int deletePending(UUID... accounts) {
        return deleteDeliveries("account_id = any (:ids) and completed_at is null", accounts);
    }

    /** Deletes the deliveries of accounts with their attempts. */
    public int deleteDeliveriesOfAccounts(UUID... accounts) {
        return deleteDeliveries("account_id = any (:ids)", accounts);
    }

    /** Deletes the deliveries of webhooks with their attempts. */
    public int deleteDeliveriesOfWebhooks(UUID... webhooks) {
        return deleteDeliveries("webhook_id = any (:ids)", webhooks);
    }

    /** Deletes the activity of webhooks. */
    public int deleteActivityOfWebhooks(UUID... webhooks) {
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                """
                                delete from webhook_activity where (webhook_id, at) in (
                                    select webhook_id, at from webhook_activity where webhook_id = any (:ids) limit :batch)\
                                """)
                        .bind("ids", webhooks)
                        .bind("batch", BATCH)
                        .execute());
    }

    /** Locks the rows in the order of their ids, as the threads that write outcomes do. */
    private int deleteDeliveries(String condition, UUID[] ids) {
        return jdbi.inTransaction(handle -> {
            UUID[] found =
                    ids(
                            handle,
                            "select id from delivery where " + condition + " limit :batch",
                            ids);
            UUID[] locked =
                    handle.createQuery(
                                    "select id from delivery where id = any (:ids) order by id for update")
                            .bind("ids", found)
                            .mapTo(UUID.class)
                            .list()
                            .toArray(UUID[]::new);
            handle.createUpdate("delete from attempt where delivery_id = any (:ids)")
                    .bind("ids", locked)
                    .execute();
            handle.createUpdate("delete from delivery where id = any (:ids)")
                    .bind("ids", locked)
                    .execute();
            return found.length;
        });
    }

    /** Deletes the events of accounts. */
    public int deleteEventsOfAccounts(UUID... accounts) {
        return deleteEvents("account_id = any (:ids)", accounts);
    }

    /** Deletes the events of clients, also those that are about no account. */
    public int deleteEventsOfClients(UUID... clients) {
        return deleteEvents("client_id = any (:ids)", clients);
    }

    /**
     * Deletes the operator's copies of a client's events, with their deliveries.
     *
     * @param operator whose copies they are
     */
    public int deleteCopies(UUID operator, UUID client) {
        List<UUID> found =
                jdbi.withHandle(handle ->
                        // As in the index event_about_client.
                        handle.createQuery(
                                        """
                                        select id from event where client_id = '%s'
                                            and substring(payload from '.*"clientId":"([0-9a-f-]{36})"') = :client limit :batch\
                                        """
                                                .formatted(operator))
                                .bind("client", client.toString())
                                .bind("batch", BATCH)
                                .mapTo(UUID.class)
                                .list());
        UUID[] ids = found.toArray(UUID[]::new);
        if (ids.length > 0) {
            // Deferred ones first, because the thread that makes deliveries of them holds these
            // rows.
            jdbi.useHandle(handle ->
                    handle.createUpdate("delete from fanout where event_id = any (:ids)")
                            .bind("ids", ids)
                            .execute());
            String copies =
                    "webhook_id in (select id from webhook where client_id = '%s') and event_id = any (:ids)"
                            .formatted(operator);
            if (deleteDeliveries(copies, ids) < BATCH) {
                deleteEvents("id = any (:ids)", ids);
            }
        }
        return ids.length;
    }

    private int deleteEvents(String condition, UUID[] ids) {
        return jdbi.inTransaction(handle -> {
            UUID[] found =
                    ids(handle, "select id from event where " + condition + " limit :batch", ids);
            handle.createUpdate("delete from fanout where event_id = any (:ids)")
                    .bind("ids", found)
                    .execute();
            handle.createUpdate("delete from event where id = any (:ids)")
                    .bind("ids", found)
                    .execute();
            return found.length;
        });
    }

    private static UUID[] ids(Handle handle, String query, UUID[] ids) {
        List<UUID> found =
                handle.createQuery(query)
                        .bind("ids", ids)
                        .bind("batch", BATCH)
                        .mapTo(UUID.class)
                        .list();
        return found.toArray(UUID[]::new);
    }
}
