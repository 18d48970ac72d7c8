package dev.mailbell.delivery.outcome;

import dev.mailbell.database.Database;
import dev.mailbell.database.Sql;
import dev.mailbell.delivery.log.AttemptStore;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * Writes the outcomes of attempts: the rows of attempts, deliveries and webhooks. An outcome is
 * dropped when another node has taken its shard since the attempt began: that node sends the
 * delivery again, under its id.
 */
public final class OutcomeTable {
    private final Database database;
    private final Supplier<Duration> disableAfter;

    public OutcomeTable(Database database, Supplier<Duration> disableAfter) {
        this.database = database;
        this.disableAfter = disableAfter;
    }

    /**
     * What a batch of outcomes changed in the table of webhooks.
     *
     * @param fenced the deliveries whose outcomes were dropped, because another node owns them
     * @param changed the new rows of the webhooks whose health changed
     * @param disabled how many of them it disabled
     * @param fresh deliveries of the events that announce these, by client
     */
    public record WebhookChanges(
            Set<UUID> fenced,
            List<Webhook> changed,
            int disabled,
            Map<UUID, List<Delivery>> fresh) {}

    /** A delivery whose attempt was inserted just now, or that was fenced. */
    private record Written(UUID delivery, boolean fenced) {
        static Set<UUID> ids(List<Written> rows, boolean fenced) {
            return rows.stream()
                    .filter(row -> row.fenced() == fenced)
                    .map(Written::delivery)
                    .collect(Collectors.toUnmodifiableSet());
        }
    }

    /**
     * Writes a batch in one transaction.
     *
     * <p>When it holds only successes of healthy webhooks the commit does not wait for the disk. If
     * PostgreSQL crashes within the next seconds, some of these deliveries are sent again under
     * their ids, as after a crash of the daemon before this call.
     */
    public WebhookChanges write(List<AttemptOutcome> batch) {
        boolean delivered = batch.stream().allMatch(outcome -> outcome.attempt().delivered());
        if (delivered && updates(batch).values().stream().noneMatch(HealthUpdate::changesHealth)) {
            List<Written> written =
                    outcomes(batch, "set_config('synchronous_commit', 'off', true)")
                            .query(database.dataSource(), OutcomeTable::written);
            return new WebhookChanges(Written.ids(written, true), List.of(), 0, Map.of());
        }
        return database.jdbi()
                .inTransaction(handle -> {
                    List<Written> written =
                            outcomes(batch, "null")
                                    .query(handle.getConnection(), OutcomeTable::written);
                    Set<UUID> fenced = Written.ids(written, true);
                    List<AttemptOutcome> ours =
                            fenced.isEmpty()
                                    ? batch
                                    : batch.stream()
                                            .filter(outcome ->
                                                    !fenced.contains(outcome.delivery().id()))
                                            .toList();
                    delayFollowers(handle, ours);
                    return updateWebhooks(
                            handle, updates(ours), Written.ids(written, false), fenced);
                });
    }

    private static Written written(ResultSet row) throws SQLException {
        return new Written(row.getObject(1, UUID.class), row.getBoolean(2));
    }

    /**
     * The statement that inserts attempts and updates their deliveries. It answers the deliveries
     * whose attempts were not inserted before, and those that are fenced.
     *
     * @param first an SQL expression to evaluate first
     */
    private static Sql outcomes(List<AttemptOutcome> batch, String first) {
        List<String> ids =
                batch.stream().map(outcome -> outcome.delivery().id().toString()).toList();
        return Sql.of(
                """
                with outcome as materialized (
                    select o.*, s.id is null as fenced
                    from (select %s) as before, unnest(?::uuid[], ?::int[], ?::text[], ?::int[], ?::text[],
                        ?::text[], ?::timestamptz[], ?::int[], ?::timestamptz[], ?::timestamptz[], ?::int[], ?::bigint[])
                        as o(id, attempts, new_status, status, error, answer, at, duration_ms, until, next, shard, epoch)
                    left join shard s on s.id = o.shard and s.epoch = o.epoch
                ), completed as (
                    update delivery d set status = o.new_status, attempts = d.attempts + 1, last_status = o.status,
                        last_error = o.error, next_attempt_at = coalesce(o.next, d.next_attempt_at),
                        completed_at = case when o.next is null then o.until end
                    from outcome o
                    where not o.fenced and d.id = o.id and d.id >= ?::uuid and d.id <= ?::uuid and d.id = any(?::uuid[])
                        and d.status || '' = 'pending' and d.attempts = o.attempts
                ), counted as (
                    insert into attempt (delivery_id, number, at, duration_ms, status, error, answer)
                    select id, attempts + 1, at, duration_ms, status, error, answer from outcome where not fenced
                    on conflict do nothing returning delivery_id
                )
                select delivery_id, false from counted union all select id, true from outcome where fenced\
                """
                        .formatted(first),
                Sql.column(batch, UUID[]::new, outcome -> outcome.delivery().id()),
                // A batch whose commit was not answered is written again, and must count once.
                Sql.column(batch, Integer[]::new, outcome -> outcome.delivery().attempts()),
                Sql.column(batch, String[]::new, OutcomeTable::newStatus),
                Sql.column(batch, Integer[]::new, outcome -> outcome.attempt().status()),
                Sql.column(batch, String[]::new, outcome -> outcome.attempt().error()),
                Sql.column(
                        batch,
                        String[]::new,
                        outcome -> AttemptStore.kept(outcome.attempt().answer())),
                Sql.column(batch, String[]::new, outcome -> outcome.attempt().at().toString()),
                Sql.column(
                        batch, Integer[]::new, outcome -> AttemptStore.millis(outcome.attempt())),
                Sql.column(batch, String[]::new, outcome -> outcome.attempt().endedAt().toString()),
                Sql.column(
                        batch,
                        String[]::new,
                        outcome -> outcome.next() == null ? null : outcome.next().toString()),
                Sql.column(batch, Integer[]::new, outcome -> outcome.fence().shard()),
                Sql.column(batch, Long[]::new, outcome -> outcome.fence().epoch()),
                // As text an id sorts as in PostgreSQL. The bounds exclude most daily partitions.
                // With the ids themselves the planner reads no rows between them.
                Collections.min(ids),
                Collections.max(ids),
                Sql.column(batch, UUID[]::new, outcome -> outcome.delivery().id()));
    }

    private static String newStatus(AttemptOutcome outcome) {
        return outcome.attempt().delivered()
                ? "delivered"
                : outcome.next() == null ? "failed" : "pending";
    }

    /**
     * Makes the later deliveries of a mailbox due no earlier than the one that waits for its retry,
     * so that no page has to skip them. The rows are locked in the order of their ids, as a merge
     * does. The offset keeps the search for each mailbox apart, and the found ids are looked up
     * with a condition that no index has: else the planner may read all pending deliveries first.
     */
    private static void delayFollowers(Handle handle, List<AttemptOutcome> batch) {
        List<AttemptOutcome> waiting =
                batch.stream()
                        .filter(outcome ->
                                outcome.next() != null && outcome.delivery().accountId() != null)
                        .toList();
        if (waiting.isEmpty()) {
            return;
        }
        handle.createUpdate(
                        """
                        with found as materialized (
                            select f.id, u.next from unnest(
                                :ids::uuid[], :webhooks::uuid[], :accounts::uuid[], :mailboxes::text[], :next::timestamptz[])
                                u(id, webhook, account, mailbox, next)
                            cross join lateral (select d.id from delivery d
                                where d.webhook_id = u.webhook and d.account_id = u.account
                                    and coalesce(d.mailbox, '') = u.mailbox and d.completed_at is null and d.id > u.id
                                    and d.next_attempt_at < u.next offset 0) f
                            order by f.id
                        ), follower as (
                            select d.id, found.next from found cross join lateral (select id from delivery
                                where id = found.id and status || '' = 'pending' and next_attempt_at < found.next
                                for update) d
                        )
                        update delivery d set next_attempt_at = f.next from follower f
                        where d.id = f.id and d.id = any(array(select id from follower))\
                        """)
                .bind("ids", Sql.column(waiting, UUID[]::new, outcome -> outcome.delivery().id()))
                .bind(
                        "webhooks",
                        waiting.stream()
                                .map(outcome -> outcome.webhook().id())
                                .toArray(UUID[]::new))
                .bind(
                        "accounts",
                        waiting.stream()
                                .map(outcome -> outcome.delivery().accountId())
                                .toArray(UUID[]::new))
                .bind(
                        "mailboxes",
                        waiting.stream()
                                .map(outcome ->
                                        outcome.delivery().mailbox() == null
                                                ? ""
                                                : outcome.delivery().mailbox())
                                .toArray(String[]::new))
                .bind(
                        "next",
                        waiting.stream()
                                .map(outcome -> String.valueOf(outcome.next()))
                                .toArray(String[]::new))
                .execute();
    }

    /** By webhook in the order of ids, so that two nodes never deadlock on the rows. */
    private static Map<UUID, HealthUpdate> updates(List<AttemptOutcome> batch) {
        Map<UUID, HealthUpdate> updates = new TreeMap<>();
        for (AttemptOutcome outcome : batch) {
            updates.computeIfAbsent(outcome.webhook().id(), id -> new HealthUpdate()).add(outcome);
        }
        return updates;
    }

    /**
     * Updates the rows of webhooks.
     *
     * @param counted the deliveries whose attempts were inserted just now; the others were inserted
     *     by a transaction whose commit was not answered, and do not count again
     * @param fenced passed through to the answer
     */
    private WebhookChanges updateWebhooks(
            Handle handle, Map<UUID, HealthUpdate> updates, Set<UUID> counted, Set<UUID> fenced) {
        List<Webhook> changed = new ArrayList<>();
        List<Webhook> disabled = new ArrayList<>();
        Map<UUID, List<Delivery>> fresh = new HashMap<>();
        List<HealthUpdate> toWrite = new ArrayList<>();
        updates.forEach((id, update) -> {
            if (update.changesHealth() && update.hasAnyOf(counted)) {
                toWrite.add(update);
            } else if (update.changesHealth()) {
                WebhookStore.find(handle, id).ifPresent(changed::add);
            }
        });
        for (HealthUpdate.UpdatedWebhook row :
                HealthUpdate.write(handle.getConnection(), toWrite, disableAfter.get())) {
            Webhook webhook = row.webhook();
            changed.add(webhook);
            if (row.disabledNow()) {
                disabled.add(webhook);
                AttemptOutcome last = Objects.requireNonNull(updates.get(webhook.id())).last();
                DisabledNotice.write(handle.getConnection(), webhook, last)
                        .forEach((client, deliveries) ->
                                fresh.computeIfAbsent(client, id -> new ArrayList<>())
                                        .addAll(deliveries));
            }
        }
        return new WebhookChanges(fenced, changed, disabled.size(), fresh);
    }
}
