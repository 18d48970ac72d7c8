package dev.mailbell.delivery.log;

import dev.mailbell.database.Sql;
import dev.mailbell.delivery.log.LoggedDelivery.Status;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The log of deliveries as their client reads it, and their redelivery. */
public final class DeliveryLog {
    private static final UUID LOWEST = new UUID(0, 0);

    /** Failed deliveries that one transaction makes pending. */
    private static final int BATCH = 10_000;

    private final Jdbi jdbi;
    private final InstantSource clock;

    /** The result of a redelivery. */
    public enum Redelivery {
        /** The delivery is pending and due now. */
        PENDING,
        /** The delivery was merged into a later one, which carries its count. */
        SUPERSEDED,
        /** The event is older than {@code retention.events} and no longer stored. */
        EVENT_EXPIRED,
        /** The delivery does not exist. */
        NOT_FOUND
    }

    public DeliveryLog(Jdbi jdbi, InstantSource clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /**
     * A delivery to a webhook of a client.
     *
     * @param clientId null for any
     */
    public Optional<LoggedDelivery> find(@Nullable UUID clientId, UUID id) {
        Sql sql =
                Sql.of(
                        """
                        select d.*, e.type from delivery d left join event e on e.id = d.event_id
                        join webhook w on w.id = d.webhook_id where d.id = ?\
                        """,
                        id);
        Sql own = clientId == null ? sql : sql.then(" and w.client_id = ?", clientId);
        return jdbi
                .withHandle(handle -> own.query(handle.getConnection(), LoggedDelivery::read))
                .stream()
                .findFirst();
    }

    /** Every attempt of a delivery, the oldest first. */
    public List<Attempt> attempts(UUID deliveryId) {
        return jdbi.withHandle(handle -> AttemptStore.of(handle, deliveryId));
    }

    /**
     * The body of a delivery, which is frozen at its first attempt; empty when its event is no
     * longer kept.
     */
    public Optional<String> body(UUID deliveryId) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select coalesce(d.body, e.payload) from delivery d left join event e on e.id = d.event_id
                                where d.id = :id and coalesce(d.body, e.payload) is not null\
                                """)
                        .bind("id", deliveryId)
                        .mapTo(String.class)
                        .findOne());
    }

    /** Makes a delivered, failed or pending delivery pending and due now. */
    public Redelivery redeliver(UUID deliveryId) {
        Instant now = clock.instant();
        return jdbi.inTransaction(handle -> {
            Optional<Status> status =
                    handle.createQuery("select status from delivery where id = :id for update")
                            .bind("id", deliveryId)
                            .mapTo(String.class)
                            .findOne()
                            .flatMap(Status::ofWireName);
            if (status.isEmpty()) {
                return Redelivery.NOT_FOUND;
            }
            if (status.get() == Status.SUPERSEDED) {
                return Redelivery.SUPERSEDED;
            }
            int due =
                    handle.createUpdate(
                                    """
                                    update delivery d set status = 'pending', next_attempt_at = :now, completed_at = null
                                    where d.id = :id and (d.body is not null or exists (select from event e where e.id = d.event_id))\
                                    """)
                            .bind("id", deliveryId)
                            .bind("now", now.atOffset(ZoneOffset.UTC))
                            .execute();
            makeFollowersDue(handle, deliveryId, now);
            if (due == 0) {
                return Redelivery.EVENT_EXPIRED;
            }
            // Another node may be the one that sends it.
            handle.execute(
                    "select note_change('webhook', webhook_id) from delivery where id = ?",
                    deliveryId);
            return Redelivery.PENDING;
        });
    }

    /**
     * Later deliveries of the mailbox waited for the retry schedule of this one. Their rows are
     * found and locked as by the thread that writes outcomes.
     */
    private static void makeFollowersDue(Handle handle, UUID deliveryId, Instant now) {
        handle.createUpdate(
                        """
                        with found as materialized (
                            select f.id from delivery d cross join lateral (select p.id from delivery p
                                where p.webhook_id = d.webhook_id and p.account_id = d.account_id
                                    and coalesce(p.mailbox, '') = coalesce(d.mailbox, '') and p.completed_at is null
                                    and p.id > d.id offset 0) f
                            where d.id = :id order by f.id
                        ), follower as (
                            select f.id from found cross join lateral (select id from delivery
                                where id = found.id and status || '' = 'pending' and attempts = 0 and next_attempt_at > :now
                                for update) f
                        )
                        update delivery set next_attempt_at = :now where id = any(array(select id from follower))\
                        """)
                .bind("id", deliveryId)
                .bind("now", now.atOffset(ZoneOffset.UTC))
                .execute();
    }

    /**
     * Makes the deliveries pending that failed at this time or later; returns how many they are.
     */
    public long recover(UUID webhookId, Instant since) {
        Instant now = clock.instant();
        UUID last = LOWEST;
        long count = 0;
        while (true) {
            List<UUID> batch = recoverBatch(webhookId, since, now, last);
            count += batch.size();
            if (batch.size() < BATCH) {
                return count;
            }
            // The ids ascend, so that a delivery that fails again meanwhile is not taken twice.
            last = batch.getLast();
        }
    }

    private List<UUID> recoverBatch(UUID webhookId, Instant since, Instant now, UUID after) {
        return jdbi.inTransaction(handle -> {
            List<UUID> ids =
                    handle.createQuery(
                                    """
                                    select id from delivery d
                                    where webhook_id = :webhook and status = 'failed' and id > :after and completed_at >= :since
                                        and (d.body is not null or exists (select from event e where e.id = d.event_id))
                                    order by id limit :batch for update of d\
                                    """)
                            .bind("webhook", webhookId)
                            .bind("after", after)
                            .bind("since", since.atOffset(ZoneOffset.UTC))
                            .bind("batch", BATCH)
                            .mapTo(UUID.class)
                            .list();
            handle.createUpdate(
                            """
                            update delivery set status = 'pending', next_attempt_at = :now, completed_at = null
                            where id = any(:ids)\
                            """)
                    .bind("now", now.atOffset(ZoneOffset.UTC))
                    .bind("ids", ids.toArray(UUID[]::new))
                    .execute();
            if (!ids.isEmpty()) {
                // Other nodes may be those that send them.
                handle.execute("select note_change('webhook', ?)", webhookId);
            }
            return ids;
        });
    }

    /**
     * Deletes pending deliveries of deleted webhooks. An event that was committed during the
     * deletion may have left some.
     */
    public void removeOrphans() {
        jdbi.useHandle(handle ->
                handle.execute(
                        """
                        delete from delivery d where status = 'pending'
                            and not exists (select from webhook w where w.id = d.webhook_id)\
                        """));
    }
}
