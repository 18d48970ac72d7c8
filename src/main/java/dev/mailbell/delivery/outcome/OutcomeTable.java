package dev.mailbell.delivery.outcome;

import dev.mailbell.database.Database;
import dev.mailbell.database.Sql;
import dev.mailbell.delivery.endpoint.EndpointHealth.Gate;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.AttemptStore;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Writes how attempts ended: the deliveries, the attempts, and what it means for the webhooks. */
public final class OutcomeTable {
    private final Database database;
    private final Supplier<Duration> disableAfter;

    public OutcomeTable(Database database, Supplier<Duration> disableAfter) {
        this.database = database;
        this.disableAfter = disableAfter;
    }

    /**
     * How one attempt ended.
     *
     * @param webhook as it was known when the attempt was made
     * @param next when the next attempt may be made; null when there is to be none
     * @param gate whether the receiver may be sent to from now on
     */
    public record Ended(
            Webhook webhook,
            Delivery delivery,
            Attempt attempt,
            @Nullable Instant next,
            Gate gate) {
        /** Without the texts of others, which the table may refuse. */
        Ended bare() {
            return new Ended(
                    webhook,
                    delivery,
                    new Attempt(
                            attempt.at(),
                            attempt.duration(),
                            attempt.status(),
                            null,
                            attempt.delivered() ? null : "failed; what was said cannot be stored",
                            attempt.retryAfter(),
                            attempt.fault()),
                    next,
                    gate);
        }
    }

    /**
     * What was written besides.
     *
     * @param changed webhooks as they are now, those that took part in something else than success
     *     after success
     * @param disabled how many of them were disabled by it
     * @param fresh deliveries that came of it
     */
    public record Written(List<Webhook> changed, int disabled, List<Delivery> fresh) {}

    /**
     * Writes all in one transaction.
     *
     * <p>Where nothing but success followed success the commit does not wait for the disk: if
     * PostgreSQL crashes within the next seconds, some of what was sent is sent again under its id,
     * as it is when the daemon crashes before it gets here.
     */
    public Written write(List<Ended> batch) {
        Map<UUID, HealthUpdate> news = news(batch);
        boolean taken = batch.stream().allMatch(ended -> ended.attempt().delivered());
        if (taken && news.values().stream().noneMatch(HealthUpdate::worthWriting)) {
            outcomes(batch, "set_config('synchronous_commit', 'off', true)")
                    .query(database.dataSource(), row -> row.getObject(1, UUID.class));
            return new Written(List.of(), 0, List.of());
        }
        return database.jdbi()
                .inTransaction(handle -> {
                    Set<UUID> counted =
                            Set.copyOf(
                                    outcomes(batch, "null")
                                            .query(
                                                    handle.getConnection(),
                                                    row -> row.getObject(1, UUID.class)));
                    holdFollowers(handle, batch);
                    return tellWebhooks(handle, news, counted);
                });
    }

    /**
     * The statement that writes down attempts and what became of their deliveries. It answers the
     * ids of those that were not written before.
     *
     * @param first an expression of SQL to evaluate before
     */
    private static Sql outcomes(List<Ended> batch, String first) {
        List<String> ids = batch.stream().map(ended -> ended.delivery().id().toString()).toList();
        return Sql.of(
                """
                with ended as materialized (
                    select * from (select %s) as before, unnest(?::uuid[], ?::int[], ?::text[], ?::int[], ?::text[],
                        ?::text[], ?::timestamptz[], ?::int[], ?::timestamptz[], ?::timestamptz[])
                        as e(id, attempts, became, status, error, answer, at, duration_ms, until, next)
                ), completed as (
                    update delivery d set status = e.became, attempts = d.attempts + 1, last_status = e.status,
                        last_error = e.error, next_attempt_at = coalesce(e.next, d.next_attempt_at),
                        completed_at = case when e.next is null then e.until end
                    from ended e
                    where d.id = e.id and d.id >= ?::uuid and d.id <= ?::uuid
                        and d.status = 'pending' and d.attempts = e.attempts
                )
                insert into attempt (delivery_id, number, at, duration_ms, status, error, answer)
                select id, attempts + 1, at, duration_ms, status, error, answer from ended
                on conflict do nothing returning delivery_id\
                """
                        .formatted(first),
                Sql.column(batch, UUID[]::new, ended -> ended.delivery().id()),
                // A batch whose commit was not answered is written again, and must not count twice.
                Sql.column(batch, Integer[]::new, ended -> ended.delivery().attempts()),
                Sql.column(batch, String[]::new, OutcomeTable::became),
                Sql.column(batch, Integer[]::new, ended -> ended.attempt().status()),
                Sql.column(batch, String[]::new, ended -> ended.attempt().error()),
                Sql.column(
                        batch, String[]::new, ended -> AttemptStore.kept(ended.attempt().answer())),
                Sql.column(batch, String[]::new, ended -> ended.attempt().at().toString()),
                Sql.column(batch, Integer[]::new, ended -> AttemptStore.millis(ended.attempt())),
                Sql.column(batch, String[]::new, ended -> ended.attempt().endedAt().toString()),
                Sql.column(
                        batch,
                        String[]::new,
                        ended -> ended.next() == null ? null : ended.next().toString()),
                // In text an id sorts as in PostgreSQL. Between bounds lie few of the daily
                // partitions.
                Collections.min(ids),
                Collections.max(ids));
    }

    private static String became(Ended ended) {
        return ended.attempt().delivered()
                ? "delivered"
                : ended.next() == null ? "failed" : "pending";
    }

    /**
     * What stands behind one that waits is due no earlier, so that no page has to pass it by. The
     * rows are locked in the order of their ids, as by those that merge them.
     */
    private static void holdFollowers(Handle handle, List<Ended> batch) {
        List<Ended> waiting =
                batch.stream()
                        .filter(ended ->
                                ended.next() != null && ended.delivery().accountId() != null)
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
                .bind("ids", Sql.column(waiting, UUID[]::new, ended -> ended.delivery().id()))
                .bind("webhooks", waiting.stream().map(e -> e.webhook().id()).toArray(UUID[]::new))
                .bind(
                        "accounts",
                        waiting.stream().map(e -> e.delivery().accountId()).toArray(UUID[]::new))
                .bind(
                        "mailboxes",
                        waiting.stream()
                                .map(e ->
                                        e.delivery().mailbox() == null
                                                ? ""
                                                : e.delivery().mailbox())
                                .toArray(String[]::new))
                .bind(
                        "next",
                        waiting.stream().map(e -> String.valueOf(e.next())).toArray(String[]::new))
                .execute();
    }

    /** By webhook; in one order everywhere, or two nodes could wait for each other's rows. */
    private static Map<UUID, HealthUpdate> news(List<Ended> batch) {
        Map<UUID, HealthUpdate> news = new TreeMap<>();
        for (Ended ended : batch) {
            news.computeIfAbsent(ended.webhook().id(), id -> new HealthUpdate()).add(ended);
        }
        return news;
    }

    /**
     * @param counted the deliveries whose outcomes were written just now; the others were written
     *     by a transaction whose commit was not answered, and count no second time
     */
    private Written tellWebhooks(Handle handle, Map<UUID, HealthUpdate> news, Set<UUID> counted) {
        List<Webhook> changed = new ArrayList<>();
        List<Webhook> disabled = new ArrayList<>();
        List<Delivery> fresh = new ArrayList<>();
        List<HealthUpdate> toWrite = new ArrayList<>();
        news.forEach((id, one) -> {
            if (one.worthWriting() && one.isAnyOf(counted)) {
                toWrite.add(one);
            } else if (one.worthWriting()) {
                WebhookStore.find(handle, id).ifPresent(changed::add);
            }
        });
        for (HealthUpdate.Row row :
                HealthUpdate.write(handle.getConnection(), toWrite, disableAfter.get())) {
            Webhook webhook = row.webhook();
            changed.add(webhook);
            if (row.disabledNow()) {
                disabled.add(webhook);
                Ended last = Objects.requireNonNull(news.get(webhook.id())).last();
                fresh.addAll(DisabledNotice.announce(handle.getConnection(), webhook, last));
            }
        }
        return new Written(changed, disabled.size(), fresh);
    }
}
