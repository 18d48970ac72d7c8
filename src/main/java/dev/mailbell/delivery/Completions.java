package dev.mailbell.delivery;

import static java.util.Comparator.naturalOrder;

import dev.mailbell.delivery.Receiver.Gate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** Writes how attempts ended: the deliveries, the attempts, and what it means for the webhooks. */
final class Completions {
    private final Jdbi jdbi;
    private final Supplier<Duration> disableAfter;

    Completions(Jdbi jdbi, Supplier<Duration> disableAfter) {
        this.jdbi = jdbi;
        this.disableAfter = disableAfter;
    }

    /**
     * How one attempt ended.
     *
     * @param webhook as it was known when the attempt was made
     * @param next when the next attempt may be made; null when there is to be none
     * @param gate whether the receiver may be sent to from now on
     */
    record Ended(
            Webhook webhook,
            Delivery delivery,
            Attempt attempt,
            @Nullable Instant next,
            Gate gate) {}

    /**
     * What was written besides.
     *
     * @param changed webhooks as they are now, those that took part in something else than success
     *     after success
     * @param disabled how many of them were disabled by it
     * @param fresh deliveries that came of it
     */
    record Written(List<Webhook> changed, int disabled, List<Delivery> fresh) {}

    /** Writes all in one transaction. */
    Written write(List<Ended> batch) {
        return jdbi.inTransaction(handle -> {
            complete(handle, batch);
            holdFollowers(handle, batch);
            AttemptStore.insert(
                    handle,
                    batch.stream()
                            .map(ended ->
                                    new AttemptStore.Made(
                                            ended.delivery().id(),
                                            ended.delivery().attempts() + 1,
                                            ended.attempt()))
                            .toList());
            return tellWebhooks(handle, batch);
        });
    }

    private static void complete(Handle handle, List<Ended> batch) {
        int size = batch.size();
        UUID[] ids = new UUID[size];
        String[] statuses = new String[size];
        @Nullable Integer[] codes = new @Nullable Integer[size];
        @Nullable String[] errors = new @Nullable String[size];
        @Nullable String[] next = new @Nullable String[size];
        String[] at = new String[size];
        // A batch whose commit was not answered is written again, and must not count twice.
        Integer[] attempts = new Integer[size];
        for (int i = 0; i < size; i++) {
            Ended ended = batch.get(i);
            Attempt attempt = ended.attempt();
            ids[i] = ended.delivery().id();
            attempts[i] = ended.delivery().attempts();
            statuses[i] =
                    attempt.delivered() ? "delivered" : ended.next() == null ? "failed" : "pending";
            codes[i] = attempt.status();
            errors[i] = attempt.error();
            next[i] = ended.next() == null ? null : ended.next().toString();
            at[i] = attempt.endedAt().toString();
        }
        handle.createUpdate(
                        """
                        update delivery d set status = u.status, attempts = d.attempts + 1, last_status = u.code,
                            last_error = u.error, next_attempt_at = coalesce(u.next, d.next_attempt_at),
                            completed_at = case when u.next is null then u.at end
                        from unnest(:ids::uuid[], :statuses::text[], :codes::int[], :errors::text[], :next::timestamptz[],
                            :at::timestamptz[], :attempts::int[]) u(id, status, code, error, next, at, attempts)
                        where d.id = u.id and d.id >= :least::uuid and d.id <= :most::uuid
                            and d.status = 'pending' and d.attempts = u.attempts\
                        """)
                .bind("ids", ids)
                // In text an id sorts as in PostgreSQL. Between bounds lie few of the daily
                // partitions.
                .bind("least", Stream.of(ids).map(UUID::toString).min(naturalOrder()).orElseThrow())
                .bind("most", Stream.of(ids).map(UUID::toString).max(naturalOrder()).orElseThrow())
                .bind("statuses", statuses)
                .bind("codes", codes)
                .bind("errors", errors)
                .bind("next", next)
                .bind("at", at)
                .bind("attempts", attempts)
                .execute();
    }

    /** What stands behind one that waits is due no earlier, so that no page has to pass it by. */
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
                        update delivery f set next_attempt_at = u.next
                        from unnest(:ids::uuid[], :webhooks::uuid[], :accounts::uuid[], :mailboxes::text[], :next::timestamptz[])
                            u(id, webhook, account, mailbox, next)
                        where f.webhook_id = u.webhook and f.account_id = u.account and coalesce(f.mailbox, '') = u.mailbox
                            and f.status = 'pending' and f.id > u.id and f.next_attempt_at < u.next\
                        """)
                .bind("ids", ids(waiting))
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

    private static UUID[] ids(List<Ended> batch) {
        return batch.stream().map(ended -> ended.delivery().id()).toArray(UUID[]::new);
    }

    private Written tellWebhooks(Handle handle, List<Ended> batch) {
        // In one order everywhere, or two nodes could wait for each other's rows.
        Map<UUID, News> news = new TreeMap<>();
        for (Ended ended : batch) {
            news.computeIfAbsent(ended.webhook().id(), id -> new News()).add(ended);
        }
        List<Webhook> changed = new ArrayList<>();
        List<Webhook> disabled = new ArrayList<>();
        List<Delivery> fresh = new ArrayList<>();
        news.forEach((id, told) -> {
            if (told.worthWriting()) {
                told.write(handle, id, disableAfter.get())
                        .ifPresent(row -> {
                            changed.add(row.webhook());
                            if (row.disabledNow()) {
                                disabled.add(row.webhook());
                                fresh.addAll(
                                        Disabling.announce(handle, row.webhook(), told.last()));
                            }
                        });
            }
        });
        return new Written(changed, disabled.size(), fresh);
    }
}
