package dev.mailbell.webhook;

import dev.mailbell.database.ClientRow;
import dev.mailbell.webhook.Webhook.State;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The table of webhooks. */
public final class WebhookStore {
    /** Lower than all ids; instead of a null, so that any plan scans the index. */
    private static final UUID LOWEST = new UUID(0, 0);

    private static final int BATCH = 10_000;

    private final Jdbi jdbi;

    public WebhookStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    public void insert(Webhook webhook) {
        jdbi.useHandle(handle ->
                WebhookRows.bind(
                                handle.createUpdate(
                                        """
                                        insert into webhook (id, client_id, url, events, accounts, labels, description, secret,
                                            header_names, headers, state, healthy, created_at, updated_at)
                                        values (:id, :client, :url, :events, :accounts, :labels::jsonb, :description, :secret,
                                            :headerNames, :headers, :state, :healthy, :createdAt, :updatedAt)\
                                        """),
                                webhook)
                        .execute());
    }

    /**
     * Adds a webhook, unless its client has reached its limit.
     *
     * @return false when it has reached the limit, and nothing is written
     */
    public boolean insert(Webhook webhook, long most) {
        return jdbi.inTransaction(handle -> {
            ClientRow.lock(handle, webhook.clientId());
            boolean room = count(webhook.clientId()) < most;
            if (room) {
                insert(webhook);
            }
            return room;
        });
    }

    /**
     * Writes the fields of a webhook that its client may change, unless another request has changed
     * it since it was read.
     *
     * @param read the row as it was read
     * @param webhook what it is to become; its {@code updatedAt} is later
     * @param newHeaders whether the headers are written too; otherwise they stay as they are, also
     *     where a rotation of the keys encrypts them anew at the same time
     * @param state the new state: {@link State#ENABLED} ends all pauses and makes pending
     *     deliveries due now, {@link State#DISABLED} keeps them pending; null for no change
     * @param now on the clock by which deliveries are due
     * @return the new row; empty when the webhook is gone or was changed, and nothing is written
     */
    public Optional<Webhook> update(
            Webhook read, Webhook webhook, boolean newHeaders, @Nullable State state, Instant now) {
        return jdbi.inTransaction(handle -> {
            if (state == State.ENABLED) {
                resetHealth(handle, read, now);
            }
            return write(handle, read, webhook, newHeaders, state);
        });
    }

    private static Optional<Webhook> write(
            Handle handle,
            Webhook read,
            Webhook webhook,
            boolean newHeaders,
            @Nullable State state) {
        return WebhookRows.bind(
                        handle.createQuery(
                                """
                                update webhook set url = :url, events = :events, accounts = :accounts, labels = :labels::jsonb,
                                    description = :description, state = coalesce(:wanted, state),
                                    healthy = healthy and url = :url and coalesce(:wanted, state) = 'enabled',
                                    header_names = case when :newHeaders then :headerNames else header_names end,
                                    headers = case when :newHeaders then :headers else headers end,
                                    failing_unannounced = failing_unannounced and :wanted::text is null,
                                    updated_at = :updatedAt
                                where id = :id and client_id = :client and updated_at = :readAt and not exists
                                    (select from client c where c.id = :client and c.erasing_since is not null)
                                returning *\
                                """),
                        webhook)
                .bind("wanted", state == null ? null : state.wireName())
                .bind("newHeaders", newHeaders)
                .bind("readAt", read.updatedAt().atOffset(ZoneOffset.UTC))
                .map((row, context) -> WebhookRows.read(row))
                .findOne();
    }

    /**
     * Ends all pauses and makes pending deliveries due. The deliveries are locked first, in the
     * order of their ids, as by the threads that write outcomes.
     */
    private static void resetHealth(Handle handle, Webhook read, Instant now) {
        handle.createUpdate(
                        """
                        with waiting as (
                            select d.id from webhook w join delivery d on d.webhook_id = w.id
                            where w.id = :id and w.client_id = :client and w.updated_at = :readAt
                                and d.status = 'pending' and d.next_attempt_at > :now order by d.id for update of d
                        )
                        update delivery d set next_attempt_at = :now from waiting w where d.id = w.id\
                        """)
                .bind("id", read.id())
                .bind("client", read.clientId())
                .bind("readAt", read.updatedAt().atOffset(ZoneOffset.UTC))
                .bind("now", now.atOffset(ZoneOffset.UTC))
                .execute();
        handle.createUpdate(
                        """
                        update webhook set failing_since = null, failures = 0, last_error = null, paused_until = null,
                            breaker_until = null, breaker_openings = 0
                        where id = :id and client_id = :client and updated_at = :readAt\
                        """)
                .bind("id", read.id())
                .bind("client", read.clientId())
                .bind("readAt", read.updatedAt().atOffset(ZoneOffset.UTC))
                .execute();
    }

    /**
     * Gives a webhook a new secret. The previous one stays valid for a while; one that was replaced
     * earlier is not valid any more.
     *
     * @param secret encrypted and bound to the webhook's row
     * @param until when the previous secret stops to sign
     * @return false when the webhook does not exist
     */
    public boolean rotate(UUID clientId, UUID id, byte[] secret, Instant until, Instant now) {
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                """
                                update webhook set previous_secret = secret, previous_secret_until = :until, secret = :secret,
                                    updated_at = greatest(updated_at, :now)
                                where id = :id and client_id = :client\
                                """)
                        .bind("id", id)
                        .bind("client", clientId)
                        .bind("secret", secret)
                        .bind("until", until.atOffset(ZoneOffset.UTC))
                        .bind("now", now.atOffset(ZoneOffset.UTC))
                        .execute())
                == 1;
    }

    /** The number of webhooks of a client. */
    public long count(UUID clientId) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select count(*) from webhook where client_id = :client")
                        .bind("client", clientId)
                        .mapTo(Long.class)
                        .one());
    }

    /** Deletes a webhook and its deliveries; false when it does not exist. */
    public boolean delete(UUID clientId, UUID id) {
        boolean removed =
                jdbi.withHandle(handle ->
                        handle.createUpdate(
                                        "delete from webhook where client_id = :client and id = :id")
                                .bind("client", clientId)
                                .bind("id", id)
                                .execute())
                        == 1;
        // In batches, because the log may have millions of rows. When this is interrupted the rest
        // is not readable without the webhook and ends with its daily partition.
        while (removed && deleteSomeDeliveries(id) == BATCH) {
            continue;
        }
        while (removed && deleteSomeActivity(id) == BATCH) {
            continue;
        }
        return removed;
    }

    private int deleteSomeActivity(UUID id) {
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                """
                                delete from webhook_activity where webhook_id = :id and at = any(array(
                                    select at from webhook_activity where webhook_id = :id limit :batch))\
                                """)
                        .bind("id", id)
                        .bind("batch", BATCH)
                        .execute());
    }

    private int deleteSomeDeliveries(UUID id) {
        return jdbi.inTransaction(handle -> {
            List<UUID> ids =
                    handle.createQuery(
                                    "delete from delivery where id = any(array("
                                            + "select id from delivery where webhook_id = :id limit :batch))"
                                            + " returning id")
                            .bind("id", id)
                            .bind("batch", BATCH)
                            .mapTo(UUID.class)
                            .list();
            handle.createUpdate("delete from attempt where delivery_id = any(:ids)")
                    .bind("ids", ids.toArray(UUID[]::new))
                    .execute();
            return ids.size();
        });
    }

    public Optional<Webhook> find(UUID clientId, UUID id) {
        return find(id).filter(webhook -> webhook.clientId().equals(clientId));
    }

    /** A webhook of any client. */
    public Optional<Webhook> find(UUID id) {
        return jdbi.withHandle(handle -> find(handle, id));
    }

    public static Optional<Webhook> find(Handle handle, UUID id) {
        return handle.createQuery("select * from webhook where id = :id")
                .bind("id", id)
                .map((row, context) -> WebhookRows.read(row))
                .findOne();
    }

    /**
     * A page of a client's webhooks in the order of their ids.
     *
     * @param after webhooks with higher ids; null for the first page
     * @param limit webhooks at most
     */
    public List<Webhook> list(UUID clientId, @Nullable UUID after, int limit) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select * from webhook where client_id = :client and id > :after"
                                        + " order by id limit "
                                        + limit)
                        .bind("client", clientId)
                        .bind("after", after == null ? LOWEST : after)
                        .map((row, context) -> WebhookRows.read(row))
                        .list());
    }
}
