package dev.mailbell.delivery.queue;

import dev.mailbell.cluster.ShardBits;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.event.Ids;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.generic.GenericType;
import org.jspecify.annotations.Nullable;

/**
 * Reads due deliveries from their table. Those that take shards, a value of {@link ShardBits}, read
 * the deliveries of these shards alone.
 */
public final class DeliveryStore {
    private final Jdbi jdbi;

    public DeliveryStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * The due deliveries of a webhook.
     *
     * @param due to be sent now, in this order; they are no longer mergeable
     * @param withSuccessor ids of those whose mailbox has later pending deliveries
     * @param full whether the table may hold more due deliveries
     * @param next when the next of the others is due; null when there is none
     */
    public record Page(
            List<Delivery> due, Set<UUID> withSuccessor, boolean full, @Nullable Instant next) {}

    private record Row(
            Delivery delivery, boolean mergeable, boolean hasSuccessor, @Nullable String payload) {}

    /**
     * Reads the due deliveries of a webhook, the longest due first, {@code limit} at most. None
     * overtakes an older one of its mailbox: a delivery waits while an older one is due later,
     * because of its retry or a redelivery, and of the mergeable deliveries of a mailbox only the
     * oldest is taken.
     *
     * <p>A merge and this method, also on several nodes, agree about each mergeable delivery by the
     * lock of its row: either it is superseded, its count goes on with the one that supersedes it,
     * and it is not answered; or it is no longer mergeable, and is answered as it stays for ever.
     * One that another node has just read is not answered here; then the page is not the whole
     * truth, and is said to be full.
     */
    public Page due(UUID webhookId, byte[] shards, Instant now, int limit) {
        return jdbi.withHandle(handle -> {
            List<Row> rows = read(handle, webhookId, shards, now, limit);
            Set<UUID> released = release(handle, rows);
            List<Delivery> due = new ArrayList<>(rows.size());
            Set<UUID> withSuccessor = new HashSet<>();
            List<UUID> withoutEvent = new ArrayList<>();
            for (Row row : rows) {
                UUID id = row.delivery().id();
                if (row.payload() == null) {
                    withoutEvent.add(id);
                } else if (!row.mergeable() || released.contains(id)) {
                    due.add(row.delivery());
                    if (row.hasSuccessor()) {
                        withSuccessor.add(id);
                    }
                }
            }
            failWithoutEvent(handle, withoutEvent, now);
            boolean full = rows.size() >= limit || due.size() + withoutEvent.size() < rows.size();
            return new Page(due, withSuccessor, full, next(handle, webhookId, shards, now));
        });
    }

    // Scalar subqueries with a limit: the planner must not turn them into joins over all pending
    // rows.
    private static List<Row> read(
            Handle handle, UUID webhookId, byte[] shards, Instant now, int limit) {
        return handle.createQuery(
                        """
                        select d.*, coalesce(d.body, e.payload) as payload
                        from (
                            select p.*,
                                (select 1 from delivery y
                                    where y.webhook_id = p.webhook_id and y.account_id = p.account_id
                                        and coalesce(y.mailbox, '') = coalesce(p.mailbox, '')
                                        and y.completed_at is null and y.id > p.id limit 1) is not null as has_successor
                            from delivery p
                            where p.webhook_id = :webhook and p.status = 'pending' and p.next_attempt_at <= :now
                                and %s
                                and (select 1 from delivery o
                                    where o.webhook_id = p.webhook_id and o.account_id = p.account_id
                                        and coalesce(o.mailbox, '') = coalesce(p.mailbox, '')
                                        and o.completed_at is null and o.id < p.id
                                        and (p.mergeable or o.next_attempt_at > p.next_attempt_at) limit 1) is null
                            order by p.next_attempt_at, p.id limit :limit) d
                        left join event e on e.id = d.event_id
                        order by d.next_attempt_at, d.id\
                        """
                                .formatted(ShardBits.condition("p.shard", ":shards")))
                .bind("webhook", webhookId)
                .bind("shards", shards)
                .bind("now", utc(now))
                .bind("limit", limit)
                .map((row, context) -> row(row))
                .list();
    }

    /**
     * Marks these as no longer mergeable. A concurrent merge either sees the mark, or was first and
     * has superseded the delivery. No index has a condition on {@code status || ''}: else the
     * planner may read all pending deliveries for the ids.
     */
    private static Set<UUID> release(Handle handle, List<Row> rows) {
        UUID[] mergeable =
                rows.stream()
                        .filter(Row::mergeable)
                        .map(row -> row.delivery().id())
                        .toArray(UUID[]::new);
        if (mergeable.length == 0) {
            return Set.of();
        }
        return new HashSet<>(
                handle.createQuery(
                                """
                                update delivery set mergeable = false
                                where id = any(:ids) and status || '' = 'pending' and mergeable returning id\
                                """)
                        .bind("ids", mergeable)
                        .mapTo(UUID.class)
                        .list());
    }

    private static void failWithoutEvent(Handle handle, List<UUID> withoutEvent, Instant now) {
        if (!withoutEvent.isEmpty()) {
            handle.createUpdate(
                            """
                            update delivery set status = 'failed', completed_at = :now,
                                last_error = 'it waited longer than retention.events; its event is no longer kept'
                            where id = any(:ids) and status || '' = 'pending'\
                            """)
                    .bind("ids", withoutEvent.toArray(UUID[]::new))
                    .bind("now", utc(now))
                    .execute();
        }
    }

    private static @Nullable Instant next(
            Handle handle, UUID webhookId, byte[] shards, Instant now) {
        OffsetDateTime next =
                handle.createQuery(
                                """
                                select min(next_attempt_at) from delivery
                                where webhook_id = :webhook and status = 'pending' and next_attempt_at > :now and %s\
                                """
                                        .formatted(ShardBits.condition("shard", ":shards")))
                        .bind("webhook", webhookId)
                        .bind("shards", shards)
                        .bind("now", utc(now))
                        .mapTo(OffsetDateTime.class)
                        .findOne()
                        .orElse(null);
        return next == null ? null : next.toInstant();
    }

    /**
     * The webhooks that may be sent to and have a delivery that was due before this time, each with
     * the one that is due for longest.
     */
    Map<UUID, UUID> overdue(byte[] shards, Instant before) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select w.id, d.id as delivery
                                from webhook w cross join lateral (
                                    select id from delivery where webhook_id = w.id and status = 'pending'
                                        and next_attempt_at < :before and %s order by next_attempt_at, id limit 1) d
                                where state <> 'disabled' and (paused_until is null or paused_until < :before)
                                    and (breaker_until is null or breaker_until < :before)\
                                """
                                        .formatted(ShardBits.condition("shard", ":shards")))
                        .bind("shards", shards)
                        .bind("before", before.atOffset(ZoneOffset.UTC))
                        .setMapKeyColumn("id")
                        .setMapValueColumn("delivery")
                        .collectInto(new GenericType<Map<UUID, UUID>>() {}));
    }

    /** The webhooks that are not disabled and have pending deliveries, each with its client. */
    public Map<UUID, UUID> webhooksWithPending(byte[] shards) {
        return webhooksWithPending(shards, "", List.of());
    }

    /** Those of these webhooks that are not disabled and have pending deliveries. */
    Map<UUID, UUID> webhooksWithPending(byte[] shards, Collection<UUID> ids) {
        return webhooksWithPending(shards, "id = any(:ids) and", ids);
    }

    private Map<UUID, UUID> webhooksWithPending(
            byte[] shards, String condition, Collection<UUID> ids) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select id, client_id from webhook w where %s state <> 'disabled'
                                    and (select 1 from delivery d
                                        where d.webhook_id = w.id and d.status = 'pending' and %s limit 1) is not null\
                                """
                                        .formatted(
                                                condition,
                                                ShardBits.condition("d.shard", ":shards")))
                        .bind("shards", shards)
                        .bind("ids", ids.toArray(UUID[]::new))
                        .setMapKeyColumn("id")
                        .setMapValueColumn("client_id")
                        .collectInto(new GenericType<Map<UUID, UUID>>() {}));
    }

    /** Lets this node's ids go on after those of the nodes that had its shards before. */
    void startIdsAfterLogs() {
        Ids.startAfterLogs(jdbi);
    }

    /**
     * When the oldest pending delivery or the oldest deferred event was created; empty when there
     * is neither.
     */
    public Optional<Instant> oldestPending() {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select least(
                                    (select created_at from delivery where status like 'pending' order by id limit 1),
                                    (select e.created_at from event e
                                        where e.id = (select event_id from fanout order by event_id limit 1)))\
                                """)
                        .mapTo(OffsetDateTime.class)
                        .findOne()
                        .map(OffsetDateTime::toInstant));
    }

    private static Row row(ResultSet row) throws SQLException {
        String payload = row.getString("payload");
        return new Row(
                new Delivery(
                        row.getObject("id", UUID.class),
                        row.getObject("webhook_id", UUID.class),
                        row.getObject("account_id", UUID.class),
                        row.getString("mailbox"),
                        row.getInt("shard"),
                        row.getInt("attempts"),
                        row.getObject("next_attempt_at", OffsetDateTime.class).toInstant(),
                        payload == null ? "" : payload,
                        false),
                row.getBoolean("mergeable"),
                row.getBoolean("has_successor"),
                payload);
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
