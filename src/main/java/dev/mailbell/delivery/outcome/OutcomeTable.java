package dev.mailbell.delivery.outcome;

import dev.mailbell.database.Database;
import dev.mailbell.database.Sql;
import dev.mailbell.delivery.log.AttemptStore;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
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
import org.jdbi.v3.core.Handle;

/** Writes the outcomes of attempts: the rows of attempts, deliveries and webhooks. */
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
     * @param changed the new rows of the webhooks whose health changed
     * @param disabled how many of them it disabled
     * @param fresh deliveries of the events that announce these, by client
     */
    public record WebhookChanges(
            List<Webhook> changed, int disabled, Map<UUID, List<Delivery>> fresh) {}

    /**
     * Writes a batch in one transaction.
     *
     * <p>When it holds only successes of healthy webhooks the commit does not wait for the disk. If
     * PostgreSQL crashes within the next seconds, some of these deliveries are sent again under
     * their ids, as after a crash of the daemon before this call.
     */
    public WebhookChanges write(List<AttemptOutcome> batch) {
        Map<UUID, HealthUpdate> updates = updates(batch);
        boolean delivered = batch.stream().allMatch(outcome -> outcome.attempt().delivered());
        if (delivered && updates.values().stream().noneMatch(HealthUpdate::changesHealth)) {
            outcomes(batch, "set_config('synchronous_commit', 'off', true)")
                    .query(database.dataSource(), row -> row.getObject(1, UUID.class));
            return new WebhookChanges(List.of(), 0, Map.of());
        }
        return database.jdbi()
                .inTransaction(handle -> {
                    Set<UUID> counted =
                            Set.copyOf(
                                    outcomes(batch, "null")
                                            .query(
                                                    handle.getConnection(),
                                                    row -> row.getObject(1, UUID.class)));
                    delayFollowers(handle, batch);
                    return updateWebhooks(handle, updates, counted);
                });
    }

    /**
     * The statement that inserts attempts and updates their deliveries. It answers the ids of the
     * deliveries whose attempts were not inserted before.
     *
     * @param first an SQL expression to evaluate first
     */
    private static Sql outcomes(List<AttemptOutcome> batch, String first) {
        List<String> ids =
                batch.stream().map(outcome -> outcome.delivery().id().toString()).toList();
        return Sql.of(
                """
                with outcome as materialized (
                    select * from (select %s) as before, unnest(?::uuid[], ?::int[], ?::text[], ?::int[], ?::text[],
                        ?::text[], ?::timestamptz[], ?::int[], ?::timestamptz[], ?::timestamptz[])
                        as o(id, attempts, new_status, status, error, answer, at, duration_ms, until, next)
                ), completed as (
                    update delivery d set status = o.new_status, attempts = d.attempts + 1, last_status = o.status,
                        last_error = o.error, next_attempt_at = coalesce(o.next, d.next_attempt_at),
                        completed_at = case when o.next is null then o.until end
                    from outcome o
                    where d.id = o.id and d.id >= ?::uuid and d.id <= ?::uuid
                        and d.status = 'pending' and d.attempts = o.attempts
                )
                insert into attempt (delivery_id, number, at, duration_ms, status, error, answer)
                select id, attempts + 1, at, duration_ms, status, error, answer from outcome
                on conflict do nothing returning delivery_id\
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
                // As text an id sorts as in PostgreSQL. The bounds exclude most daily partitions.
                Collections.min(ids),
                Collections.max(ids));
    }

    private static String newStatus(AttemptOutcome outcome) {
        return outcome.attempt().delivered()
                ? "delivered"
                : outcome.next() == null ? "failed" : "pending";
    }

    /**
     * Makes the later deliveries of a mailbox due no earlier than the one that waits for its retry,
     * so that no page has to skip them. The rows are locked in the order of their ids, as a merge
     * does.
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
                        with follower as (
                            select f.id, u.next from delivery f join unnest(
                                :ids::uuid[], :webhooks::uuid[], :accounts::uuid[], :mailboxes::text[], :next::timestamptz[])
                                u(id, webhook, account, mailbox, next)
                            on f.webhook_id = u.webhook and f.account_id = u.account and coalesce(f.mailbox, '') = u.mailbox
                                and f.status = 'pending' and f.id > u.id and f.next_attempt_at < u.next
                            order by f.id for update of f
                        )
                        update delivery d set next_attempt_at = f.next from follower f where d.id = f.id\
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
     */
    private WebhookChanges updateWebhooks(
            Handle handle, Map<UUID, HealthUpdate> updates, Set<UUID> counted) {
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
                fresh.computeIfAbsent(webhook.clientId(), client -> new ArrayList<>())
                        .addAll(DisabledNotice.write(handle.getConnection(), webhook, last));
            }
        }
        return new WebhookChanges(changed, disabled.size(), fresh);
    }
}
