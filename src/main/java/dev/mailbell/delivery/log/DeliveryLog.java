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

/** The log of deliveries as their client reads it, and what it may have sent again. */
public final class DeliveryLog {
    private static final String COLUMNS =
            "d.*, e.type from delivery d left join event e on e.id = d.event_id ";

    private static final UUID HIGHEST = new UUID(-1, -1);
    private static final UUID LOWEST = new UUID(0, 0);

    /** A delivery gets its id at its event's time or moments later. */
    private static final Duration SLACK = Duration.ofMinutes(10);

    /** So many failed deliveries are made pending in one transaction. */
    private static final int PIECE = 10_000;

    private final Jdbi jdbi;
    private final InstantSource clock;

    /**
     * Which deliveries to list; null is no condition.
     *
     * @param since made then or later
     * @param until made before
     */
    public record Filter(
            @Nullable Status status,
            @Nullable UUID accountId,
            @Nullable Instant since,
            @Nullable Instant until) {}

    /** What came of asking for a delivery once more. */
    public enum Again {
        /** It is pending and due now. */
        PENDING,
        /** It was merged into a later one, which carries its count. */
        SUPERSEDED,
        /** Its event is older than {@code retention.events}: there is nothing left to send. */
        EVENT_GONE,
        /** There is no such delivery. */
        GONE
    }

    public DeliveryLog(Jdbi jdbi, InstantSource clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /**
     * A webhook's deliveries, newest first, those before an id (null: from the newest), {@code
     * limit} at most.
     */
    public List<LoggedDelivery> list(
            UUID webhookId, Filter filter, @Nullable UUID before, int limit) {
        Status[] statuses =
                filter.status() == null ? Status.values() : new Status[] {filter.status()};
        // One walk along the index for each status, each ending after a page. The limit is written
        // out, because a plan for any limit may read a whole partition.
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
                                        : floor(filter.since().minus(SLACK)))
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

    /** Every attempt of a delivery, the first one first. */
    public List<Attempt> attempts(UUID deliveryId) {
        return jdbi.withHandle(handle -> AttemptStore.of(handle, deliveryId));
    }

    /** Makes a delivery pending and due now, whether it was delivered, failed or is waiting. */
    public Again again(UUID deliveryId) {
        Instant now = clock.instant();
        return jdbi.inTransaction(handle -> {
            Optional<Status> status =
                    handle.createQuery("select status from delivery where id = :id for update")
                            .bind("id", deliveryId)
                            .mapTo(String.class)
                            .findOne()
                            .flatMap(Status::ofWireName);
            if (status.isEmpty()) {
                return Again.GONE;
            }
            if (status.get() == Status.SUPERSEDED) {
                return Again.SUPERSEDED;
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
            hurryFollowers(handle, deliveryId, now);
            return due == 1 ? Again.PENDING : Again.EVENT_GONE;
        });
    }

    /** What waits behind it in its mailbox was to wait for its schedule. */
    private static void hurryFollowers(Handle handle, UUID deliveryId, Instant now) {
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
     * Makes pending again what failed at this moment or later; returns how many deliveries that
     * were.
     */
    public long recover(UUID webhookId, Instant since) {
        Instant now = clock.instant();
        UUID place = LOWEST;
        long all = 0;
        while (true) {
            List<UUID> piece = recoverPiece(webhookId, since, now, place);
            all += piece.size();
            if (piece.size() < PIECE) {
                return all;
            }
            // Ascending, so that one that fails again meanwhile is not taken twice.
            place = piece.getLast();
        }
    }

    private List<UUID> recoverPiece(UUID webhookId, Instant since, Instant now, UUID after) {
        return jdbi.inTransaction(handle -> {
            List<UUID> ids =
                    handle.createQuery(
                                    """
                                    select id from delivery d
                                    where webhook_id = :webhook and status = 'failed' and id > :after and completed_at >= :since
                                        and (d.body is not null or exists (select from event e where e.id = d.event_id))
                                    order by id limit :piece for update of d\
                                    """)
                            .bind("webhook", webhookId)
                            .bind("after", after)
                            .bind("since", since.atOffset(ZoneOffset.UTC))
                            .bind("piece", PIECE)
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
            return ids;
        });
    }

    /**
     * Removes what is owed to webhooks that are gone: an event that was recorded in the moment of
     * the removal may have left it.
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
    private static UUID floor(Instant instant) {
        return new UUID(Math.max(0, instant.toEpochMilli()) << 16, 0);
    }
}
