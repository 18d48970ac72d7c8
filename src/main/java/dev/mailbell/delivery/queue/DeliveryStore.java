package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.outbox.Delivery;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
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

/** Reads from the table of deliveries what is to be sent. */
public final class DeliveryStore {
    private final Jdbi jdbi;

    public DeliveryStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * What a webhook is to be sent.
     *
     * @param due what may be sent now, in this order; no longer to be merged
     * @param followed those of them whose mailbox has more
     * @param full whether the table may hold more that is due
     * @param next when something of the rest is due; null when nothing waits
     */
    public record Page(
            List<Delivery> due, Set<UUID> followed, boolean full, @Nullable Instant next) {}

    private record Row(
            Delivery delivery, boolean mergeable, boolean followed, @Nullable String payload) {}

    /**
     * Reads what of a webhook is due, those waiting longest first, {@code limit} at most. None
     * overtakes an older one of its mailbox: what stands behind one that is due later, because it
     * waits for its retry or was sent again by its client, waits too, and of the deliveries that
     * may still merge only the oldest of a mailbox is taken.
     */
    public Page due(UUID webhookId, Instant now, int limit) {
        return jdbi.withHandle(handle -> {
            List<Row> rows = read(handle, webhookId, now, limit);
            Set<UUID> released = release(handle, rows);
            List<Delivery> due = new ArrayList<>(rows.size());
            Set<UUID> followed = new HashSet<>();
            List<UUID> lost = new ArrayList<>();
            for (Row row : rows) {
                UUID id = row.delivery().id();
                if (row.payload() == null) {
                    lost.add(id);
                } else if (!row.mergeable() || released.contains(id)) {
                    due.add(row.delivery());
                    if (row.followed()) {
                        followed.add(id);
                    }
                }
            }
            giveUp(handle, lost, now);
            return new Page(due, followed, rows.size() >= limit, next(handle, webhookId, now));
        });
    }

    // Scalar subqueries with a limit: the planner must not turn them into joins over all that
    // waits.
    private static List<Row> read(Handle handle, UUID webhookId, Instant now, int limit) {
        return handle.createQuery(
                        """
                        select d.*, coalesce(d.body, e.payload) as payload
                        from (
                            select p.*,
                                (select 1 from delivery y
                                    where y.webhook_id = p.webhook_id and y.account_id = p.account_id
                                        and coalesce(y.mailbox, '') = coalesce(p.mailbox, '')
                                        and y.status = 'pending' and y.id > p.id limit 1) is not null as followed
                            from delivery p
                            where p.webhook_id = :webhook and p.status = 'pending' and p.next_attempt_at <= :now
                                and (select 1 from delivery o
                                    where o.webhook_id = p.webhook_id and o.account_id = p.account_id
                                        and coalesce(o.mailbox, '') = coalesce(p.mailbox, '')
                                        and o.status = 'pending' and o.id < p.id
                                        and (p.mergeable or o.next_attempt_at > p.next_attempt_at) limit 1) is null
                            order by p.next_attempt_at, p.id limit :limit) d
                        left join event e on e.id = d.event_id
                        order by d.next_attempt_at, d.id\
                        """)
                .bind("webhook", webhookId)
                .bind("now", utc(now))
                .bind("limit", limit)
                .map((row, context) -> row(row))
                .list();
    }

    /**
     * From now on these are as if attempted: a later one that merges either sees this, or was first
     * and this one is superseded.
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
                                where id = any(:ids) and status = 'pending' and mergeable returning id\
                                """)
                        .bind("ids", mergeable)
                        .mapTo(UUID.class)
                        .list());
    }

    private static void giveUp(Handle handle, List<UUID> lost, Instant now) {
        if (!lost.isEmpty()) {
            handle.createUpdate(
                            """
                            update delivery set status = 'failed', completed_at = :now,
                                last_error = 'it waited longer than retention.events; its event is no longer kept'
                            where id = any(:ids) and status = 'pending'\
                            """)
                    .bind("ids", lost.toArray(UUID[]::new))
                    .bind("now", utc(now))
                    .execute();
        }
    }

    private static @Nullable Instant next(Handle handle, UUID webhookId, Instant now) {
        OffsetDateTime next =
                handle.createQuery(
                                """
                                select min(next_attempt_at) from delivery
                                where webhook_id = :webhook and status = 'pending' and next_attempt_at > :now\
                                """)
                        .bind("webhook", webhookId)
                        .bind("now", utc(now))
                        .mapTo(OffsetDateTime.class)
                        .findOne()
                        .orElse(null);
        return next == null ? null : next.toInstant();
    }

    /**
     * The webhooks that should have been sent something before this moment, each with the delivery
     * that is due for longest.
     */
    Map<UUID, UUID> overdue(Instant before) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select w.id, d.id as delivery
                                from webhook w cross join lateral (
                                    select id from delivery where webhook_id = w.id and status = 'pending'
                                        and next_attempt_at < :before order by next_attempt_at, id limit 1) d
                                where state <> 'disabled' and (paused_until is null or paused_until < :before)
                                    and (breaker_until is null or breaker_until < :before)\
                                """)
                        .bind("before", before.atOffset(ZoneOffset.UTC))
                        .setMapKeyColumn("id")
                        .setMapValueColumn("delivery")
                        .collectInto(new GenericType<Map<UUID, UUID>>() {}));
    }

    /** The enabled webhooks that are owed something. */
    public List<UUID> owed() {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select id from webhook w where state <> 'disabled'
                                    and (select 1 from delivery d where d.webhook_id = w.id and d.status = 'pending' limit 1) is not null\
                                """)
                        .mapTo(UUID.class)
                        .list());
    }

    /**
     * When the oldest delivery was made that is pending, or the oldest event happened that is
     * deferred; empty when there is neither.
     */
    public Optional<Instant> oldestPending() {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select least(
                                    (select created_at from delivery where status = 'pending' order by id limit 1),
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
                        row.getInt("attempts"),
                        row.getObject("next_attempt_at", OffsetDateTime.class).toInstant(),
                        payload == null ? "" : payload,
                        false),
                row.getBoolean("mergeable"),
                row.getBoolean("followed"),
                payload);
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
