package dev.mailbell.delivery.outcome;

import dev.mailbell.database.Sql;
import dev.mailbell.delivery.outcome.OutcomeTable.Ended;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookStore;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What the attempts of one batch say about one webhook. */
final class HealthUpdate {
    /** Fewer failures disable no webhook, however long ago its last success was. */
    private static final int FEWEST_FAILURES = 10;

    private boolean success;
    private boolean gone;
    private boolean known = true;
    private int failures;
    private @Nullable Instant firstFailure;
    private @Nullable Ended last;
    private final Set<UUID> deliveries = new HashSet<>();

    /** A webhook after that was written, and whether it was disabled by it. */
    record Row(Webhook webhook, boolean disabledNow) {}

    /** In the order in which they ended. */
    void add(Ended ended) {
        last = ended;
        deliveries.add(ended.delivery().id());
        known &= isKnown(ended.webhook());
        if (ended.attempt().delivered()) {
            success = true;
            failures = 0;
            firstFailure = null;
        } else {
            failures++;
            firstFailure = firstFailure == null ? ended.attempt().endedAt() : firstFailure;
            gone |= ended.attempt().gone();
        }
    }

    /** Success after success is no news: a webhook that works is never written. */
    boolean worthWriting() {
        return failures > 0 || gone || !known;
    }

    /** Whether one attempt alone is worth writing. */
    static boolean isWorthWriting(Ended ended) {
        return !ended.attempt().delivered() || !isKnown(ended.webhook());
    }

    /** Whether a success changes nothing of the webhook. */
    private static boolean isKnown(Webhook webhook) {
        return webhook.state() != State.FAILING && webhook.health().equals(Health.GOOD);
    }

    /** Whether it holds the outcome of one of these deliveries. */
    boolean isAnyOf(Set<UUID> ids) {
        return deliveries.stream().anyMatch(ids::contains);
    }

    Ended last() {
        if (last == null) {
            throw new NoSuchElementException("no attempt");
        }
        return last;
    }

    /**
     * Writes what is news of some webhooks in one statement, their rows in the order of their ids.
     *
     * @return what became of those that are still there
     */
    static List<Row> write(Connection connection, List<HealthUpdate> all, Duration disableAfter) {
        if (all.isEmpty()) {
            return List.of();
        }
        return Sql.of(
                        """
                        with news as (
                            select * from unnest(?::uuid[], ?::boolean[], ?::int[], ?::timestamptz[], ?::text[], ?::timestamptz[],
                                ?::timestamptz[], ?::int[], ?::boolean[], ?::timestamptz[], ?::timestamptz[])
                                as n(id, success, added, first, error, paused, breaker, openings, gone, now, disable_before)
                        ), old as (
                            select n.*, w.state, case when n.success then 0 else w.failures end + n.added::bigint as failures,
                                coalesce(case when not n.success then w.failing_since end, n.first) as since,
                                case when greatest(w.paused_until, n.paused) > n.now
                                    then greatest(w.paused_until, n.paused) end as paused_until
                            from webhook w join news n on n.id = w.id order by w.id for update of w
                        ), judged as (
                            select *, case
                                when state = 'disabled' or gone
                                    or (added > 0 and since <= disable_before and failures >= ?) then 'disabled'
                                when added > 0 or paused_until is not null or openings > 0 then 'failing'
                                else 'enabled' end as became
                            from old
                        )
                        update webhook w set failures = least(j.failures, 2147483647)::int, failing_since = j.since,
                            last_error = j.error, paused_until = j.paused_until, breaker_until = j.breaker,
                            breaker_openings = j.openings, state = j.became, healthy = j.became = 'enabled'
                        from judged j where w.id = j.id
                        returning w.*, j.state <> 'disabled' and w.state = 'disabled' as disabled_now\
                        """,
                        Sql.column(all, UUID[]::new, news -> news.last().webhook().id()),
                        Sql.column(all, Boolean[]::new, news -> news.success),
                        Sql.column(all, Integer[]::new, news -> news.failures),
                        Sql.column(all, String[]::new, news -> text(news.firstFailure)),
                        Sql.column(all, String[]::new, news -> news.last().attempt().error()),
                        Sql.column(
                                all, String[]::new, news -> text(news.last().gate().pausedUntil())),
                        Sql.column(
                                all,
                                String[]::new,
                                news -> text(news.last().gate().breakerUntil())),
                        Sql.column(
                                all, Integer[]::new, news -> news.last().gate().breakerOpenings()),
                        Sql.column(all, Boolean[]::new, news -> news.gone),
                        Sql.column(
                                all, String[]::new, news -> text(news.last().attempt().endedAt())),
                        Sql.column(
                                all,
                                String[]::new,
                                news -> text(news.last().attempt().endedAt().minus(disableAfter))),
                        FEWEST_FAILURES)
                .query(
                        connection,
                        row -> new Row(WebhookStore.read(row), row.getBoolean("disabled_now")));
    }

    private static @Nullable String text(@Nullable Instant instant) {
        return instant == null ? null : instant.toString();
    }
}
