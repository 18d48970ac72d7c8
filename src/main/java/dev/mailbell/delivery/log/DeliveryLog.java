package dev.mailbell.delivery.log;

import dev.mailbell.delivery.log.LoggedDelivery.Status;
import java.time.Duration;
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
    private static final String COLUMNS =
            "d.*, e.type from delivery d left join event e on e.id = d.event_id ";

    private static final UUID HIGHEST = new UUID(-1, -1);
    private static final UUID LOWEST = new UUID(0, 0);

    /** A delivery gets its id at its event's time or moments later. */
    private static final Duration SLACK = Duration.ofMinutes(10);

    /** Failed deliveries that one transaction makes pending. */
    private static final int BATCH = 10_000;

    private final Jdbi jdbi;
    private final InstantSource clock;

    /**
     * Which deliveries to list; null means no condition.
     *
     * @param since created at or after this
     * @param until created before this
     */
    public record Filter(
            @Nullable Status status,
            @Nullable UUID accountId,
            @Nullable Instant since,
            @Nullable Instant until) {}

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
     * A page of a webhook's deliveries, the newest first.
     *
     * @param before deliveries with lower ids; null for the newest
     * @param limit deliveries at most
     */
    public List<LoggedDelivery> list(
            UUID webhookId, Filter filter, @Nullable UUID before, int limit) {
        Status[] statuses =
                filter.status() == null ? Status.values() : new Status[] {filter.status()};
        // One index scan for each status; each ends after a page. The limit is a literal, because a
        // plan for any limit may read a whole partition.
        String page =
                """
                select * from delivery
                where webhook_id = :webhook and status = s and id < :before and id >= :lowest
                    and (:account::uuid is null or account_id = :account::uuid)
                    and (:since::timestamptz is null or created_at >= :since::timestamptz)
                    and (:until::timestamptz is null or created_at < :until::timestamptz)
                order by id desc limit %d\
                """
                        .formatted(limit);
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select "
                                        + COLUMNS.replace(
                                                "from delivery d",
                                                "from (select p.* from unnest(:statuses::text[]) s cross join lateral ("
                                                        + page
                                                        + ") p order by p.id desc limit "
                                                        + limit
                                                        + ") d")
                                        + "order by d.id desc")
                        .bind("webhook", webhookId)
                        .bind("statuses", wireNames(statuses))
                        .bind("before", before == null ? HIGHEST : before)
                        .bind(
                                "lowest",
                                filter.since() == null
                                        ? LOWEST
                                        : lowestId(filter.since().minus(SLACK)))
                        .bind("account", filter.accountId())
                        .bind(
                                "since",
                                filter.since() == null
                                        ? null
                                        : filter.since().atOffset(ZoneOffset.UTC))
                        .bind(
                                "until",
                                filter.until() == null
                                        ? null
                                        : filter.until().atOffset(ZoneOffset.UTC))
                        .map((row, context) -> LoggedDelivery.read(row))
                        .list());
    }

    private static String[] wireNames(Status[] statuses) {
        String[] names = new String[statuses.length];
        for (int i = 0; i < names.length; i++) {
            names[i] = statuses[i].wireName();
        }
        return names;
    }

    /** A delivery to a webhook of this client. */
    public Optional<LoggedDelivery> find(UUID clientId, UUID id) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select "
                                        + COLUMNS
                                        + "join webhook w on w.id = d.webhook_id where d.id = :id and w.client_id = :client")
                        .bind("id", id)
                        .bind("client", clientId)
                        .map((row, context) -> LoggedDelivery.read(row))
                        .findOne());
    }

    /** Every attempt of a delivery, the oldest first. */
    public List<Attempt> attempts(UUID deliveryId) {
        return jdbi.withHandle(handle -> AttemptStore.of(handle, deliveryId));
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

    /** Later deliveries of the mailbox waited for the retry schedule of this one. */
    private static void makeFollowersDue(Handle handle, UUID deliveryId, Instant now) {
        handle.createUpdate(
                        """
                        update delivery f set next_attempt_at = :now from delivery d
                        where d.id = :id and f.webhook_id = d.webhook_id and f.account_id = d.account_id
                            and coalesce(f.mailbox, '') = coalesce(d.mailbox, '') and f.status = 'pending'
                            and f.id > d.id and f.attempts = 0 and f.next_attempt_at > :now\
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

    /** The lowest UUIDv7 of a millisecond, in PostgreSQL's order. */
    private static UUID lowestId(Instant instant) {
        return new UUID(Math.max(0, instant.toEpochMilli()) << 16, 0);
    }
}
