package dev.mailbell.client;

import dev.mailbell.account.LogRows;
import dev.mailbell.account.RemovedAccounts;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * The erasure of clients. A mark on the client's row ends its use at once; then its rows are
 * deleted in transactions of bounded size, the row of the client last. Whatever interrupts that,
 * the mark is found again.
 */
public final class ErasedClients {
    private static final int MAX_WEBHOOKS = 100;

    /** What the operator did to the client stays in the audit log for its time. */
    private static final String AUDIT =
            "and (key_id not in ('operator', 'command-line') or resource not like '/v1/clients/%')";

    private final Jdbi jdbi;
    private final RemovedAccounts accounts;
    private final LogRows logs;

    public ErasedClients(Jdbi jdbi) {
        this.jdbi = jdbi;
        this.accounts = new RemovedAccounts(jdbi);
        this.logs = new LogRows(jdbi);
    }

    /**
     * Ends the use of a client, in one transaction: its keys and portal links are gone, its
     * webhooks are disabled and want no event, its name is free.
     *
     * @return its webhooks; empty when there is no such client, or it is the default one or the
     *     operator's, which stay
     */
    public Optional<List<UUID>> begin(UUID id, Instant now) {
        return jdbi.inTransaction(handle -> {
            int marked =
                    handle.createUpdate(
                                    """
                                    update client set erasing_since = coalesce(erasing_since, :now), name = 'erased ' || id
                                    where id = :id and id not in (:default, :operator)\
                                    """)
                            .bind("id", id)
                            .bind("default", ClientStore.DEFAULT)
                            .bind("operator", ClientStore.OPERATOR)
                            .bind("now", now.atOffset(ZoneOffset.UTC))
                            .execute();
            return marked == 0 ? Optional.empty() : Optional.of(end(handle, id));
        });
    }

    private static List<UUID> end(Handle handle, UUID id) {
        handle.createUpdate("delete from portal_link where client_id = :client")
                .bind("client", id)
                .execute();
        handle.createUpdate("delete from api_key where client_id = :client")
                .bind("client", id)
                .execute();
        // In the order of their ids, as the threads that write outcomes do. The time of change lets
        // a request that changes one of them at the same moment not enable it again.
        return handle.createQuery(
                        """
                        with own as (select id from webhook where client_id = :client order by id for update)
                        update webhook w set state = 'disabled', healthy = false, events = '{}',
                            failing_unannounced = false, given_up = 0, given_up_since = null,
                            updated_at = greatest(now(), w.updated_at + interval '1 millisecond')
                        from own where w.id = own.id returning w.id\
                        """)
                .bind("client", id)
                .mapTo(UUID.class)
                .list();
    }

    /** The clients whose erasure began before a time. */
    List<UUID> begunBefore(Instant time) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select id from client where erasing_since <= :time order by erasing_since, id limit 100\
                                """)
                        .bind("time", OffsetDateTime.ofInstant(time, ZoneOffset.UTC))
                        .mapTo(UUID.class)
                        .list());
    }

    /**
     * Deletes some rows of a client whose erasure has begun.
     *
     * @return false when none is left, not even its own
     */
    boolean deleteSome(UUID id) {
        if (deleteWebhooks(id)
                || accounts.removeSomeOf(id)
                || accounts.deleteSome()
                || logs.deleteEventsOfClients(id) > 0
                || logs.deleteCopies(ClientStore.OPERATOR, id) > 0
                || deleteRows("idempotency", "key", "", id) > 0
                || deleteRows("audit", "id", AUDIT, id) > 0) {
            return true;
        }
        jdbi.useHandle(handle ->
                handle.createUpdate(
                                "delete from client where id = :id and erasing_since is not null")
                        .bind("id", id)
                        .execute());
        return false;
    }

    /** Deletes the deliveries of some webhooks, and then these; false when there are no more. */
    private boolean deleteWebhooks(UUID id) {
        UUID[] ids =
                jdbi.withHandle(handle ->
                        handle.createQuery(
                                        "select id from webhook where client_id = :client order by id limit "
                                                + MAX_WEBHOOKS)
                                .bind("client", id)
                                .mapTo(UUID.class)
                                .list()
                                .toArray(UUID[]::new));
        if (ids.length > 0
                && logs.deleteDeliveriesOfWebhooks(ids) < LogRows.BATCH
                && logs.deleteActivityOfWebhooks(ids) < LogRows.BATCH) {
            jdbi.useHandle(handle ->
                    handle.createUpdate(
                                    "delete from webhook where client_id = :client and id = any (:ids)")
                            .bind("client", id)
                            .bind("ids", ids)
                            .execute());
        }
        return ids.length > 0;
    }

    /**
     * Deletes some of a client's rows in a table.
     *
     * @param key a column that together with the client's id identifies a row
     * @param condition which rows, beginning with {@code and}; empty for all
     */
    private int deleteRows(String table, String key, String condition, UUID id) {
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                """
                                delete from %s where client_id = :client and %s = any(array(
                                    select %s from %s where client_id = :client %s limit :batch))\
                                """
                                        .formatted(table, key, key, table, condition))
                        .bind("client", id)
                        .bind("batch", LogRows.BATCH)
                        .execute());
    }
}
