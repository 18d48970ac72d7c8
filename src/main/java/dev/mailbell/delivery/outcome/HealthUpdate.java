package dev.mailbell.delivery.outcome;

import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Sql;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.EventType;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookRows;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The effect of the attempts of one batch on the health of one webhook. Several nodes may update a
 * row: failures add up, the longest pause counts, and of two changes of the breaker's state the
 * first one stands. An attempt at an earlier URL, or of before the client enabled the webhook, does
 * not change the present health. The row also counts what is still to be announced of the health; a
 * webhook of the operator's client has none of that, so that no event leads to the next one.
 */
final class HealthUpdate {
    /** Fewer failures in a row do not disable a webhook, however long ago its last success was. */
    private static final int MIN_FAILURES = 10;

    private boolean success;
    private boolean gone;
    private boolean storedHealthy = true;
    private int failures;
    private @Nullable Instant firstFailure;
    private @Nullable AttemptOutcome last;
    private final Set<UUID> deliveries = new HashSet<>();

    /** Deliveries that are not attempted any more, unless their events are about webhooks. */
    private int givenUp;

    private @Nullable AttemptOutcome firstGivenUp;
    private @Nullable AttemptOutcome lastGivenUp;

    /** The new row of a webhook, and whether the update disabled it. */
    record UpdatedWebhook(Webhook webhook, boolean disabledNow) {}

    /** Adds an outcome; call in the order in which the attempts ended. */
    void add(AttemptOutcome outcome) {
        deliveries.add(outcome.delivery().id());
        if (outcome.isGivenUp() && !isAboutWebhook(outcome)) {
            givenUp++;
            firstGivenUp = firstGivenUp == null ? outcome : firstGivenUp;
            lastGivenUp = outcome;
        }
        Webhook before = last == null ? outcome.webhook() : last.webhook();
        boolean isOlder = outcome.webhook().updatedAt().isBefore(before.updatedAt());
        Webhook earlier = isOlder ? outcome.webhook() : before;
        if (hasBegunAnew(earlier, isOlder ? before : outcome.webhook())) {
            if (isOlder) {
                return;
            }
            forgetHealth();
        }
        last = outcome;
        storedHealthy &= isStoredHealthy(outcome.webhook());
        if (outcome.attempt().delivered()) {
            success = true;
            failures = 0;
            firstFailure = null;
        } else {
            failures++;
            firstFailure = firstFailure == null ? outcome.attempt().endedAt() : firstFailure;
            gone |= outcome.attempt().gone();
        }
    }

    /** Whether attempts of the earlier row say nothing of the later one; as in the statement. */
    private static boolean hasBegunAnew(Webhook earlier, Webhook later) {
        return !earlier.url().equals(later.url())
                || (!earlier.updatedAt().equals(later.updatedAt())
                        && later.state() == State.ENABLED
                        && !later.health().healthy());
    }

    private void forgetHealth() {
        success = false;
        gone = false;
        storedHealthy = true;
        failures = 0;
        firstFailure = null;
    }

    private static boolean isAboutWebhook(AttemptOutcome outcome) {
        return EventPayloads.type(outcome.delivery().payload())
                .filter(EventType::isAboutWebhook)
                .isPresent();
    }

    /**
     * Whether the row is to be updated; the row of a healthy webhook is not touched by a success.
     */
    boolean changesHealth() {
        return failures > 0 || gone || !storedHealthy || givenUp > 0;
    }

    /** Whether one outcome changes the row of its webhook. */
    static boolean changesHealth(AttemptOutcome outcome) {
        return !outcome.attempt().delivered() || !isStoredHealthy(outcome.webhook());
    }

    /** Whether the row says already that the last attempt succeeded. */
    private static boolean isStoredHealthy(Webhook webhook) {
        return webhook.state() != State.FAILING && webhook.health().equals(Health.GOOD);
    }

    /** Whether it includes the outcome of one of these deliveries. */
    boolean hasAnyOf(Set<UUID> ids) {
        return deliveries.stream().anyMatch(ids::contains);
    }

    AttemptOutcome last() {
        if (last == null) {
            throw new NoSuchElementException("no attempt");
        }
        return last;
    }

    /**
     * Updates the rows of webhooks in one statement, in the order of their ids.
     *
     * @return the webhooks that still exist
     */
    static List<UpdatedWebhook> write(
            Connection connection, List<HealthUpdate> all, Duration disableAfter) {
        if (all.isEmpty()) {
            return List.of();
        }
        return Sql.of(
                        """
                        with change as (
                            select * from unnest(?::uuid[], ?::boolean[], ?::int[], ?::timestamptz[], ?::text[], ?::timestamptz[],
                                ?::timestamptz[], ?::int[], ?::timestamptz[], ?::int[], ?::boolean[], ?::timestamptz[], ?::timestamptz[],
                                ?::int[], ?::timestamptz[], ?::uuid[], ?::text[], ?::timestamptz[])
                                as n(id, success, added, first, error, paused, breaker, openings, known_breaker, known_openings,
                                    gone, now, disable_before, given_up, given_up_since, given_up_last, url, updated_at)
                        ), old as (
                            select n.id, moved, n.disable_before, w.state,
                                case when not moved then n.added else 0 end as added,
                                case when not moved then n.error else w.last_error end as error, n.gone and not moved as gone,
                                n.given_up, n.given_up_since, n.given_up_last, w.client_id = ? as of_operator,
                                not moved and row(w.breaker_until, w.breaker_openings)
                                    is not distinct from row(n.known_breaker, n.known_openings) as is_known,
                                n.breaker, w.breaker_until as stored_breaker, n.openings, w.breaker_openings as stored_openings,
                                case when n.success and not moved then 0 else w.failures end
                                    + case when not moved then n.added else 0 end::bigint as failures,
                                case when not moved then coalesce(case when not n.success then w.failing_since end, n.first)
                                    else w.failing_since end as since,
                                case when greatest(w.paused_until, case when not moved then n.paused end) > n.now
                                    then greatest(w.paused_until, case when not moved then n.paused end) end as paused_until
                            from webhook w join change n on n.id = w.id cross join lateral (
                                select w.url <> n.url or (w.updated_at <> n.updated_at and w.state = 'enabled' and not w.healthy) as moved) m
                            order by w.id for update of w
                        ), combined as (
                            select o.*, case when is_known then breaker else stored_breaker end as new_breaker,
                                case when is_known then openings else stored_openings end as new_openings
                            from old o
                        ), judged as (
                            select *, case
                                when moved then state
                                when state = 'disabled' or gone
                                    or (added > 0 and since <= disable_before and failures >= ?) then 'disabled'
                                when added > 0 or paused_until is not null or new_openings > 0 then 'failing'
                                else 'enabled' end as new_state
                            from combined
                        )
                        update webhook w set failures = least(j.failures, 2147483647)::int, failing_since = j.since,
                            last_error = j.error, paused_until = j.paused_until, breaker_until = j.new_breaker,
                            breaker_openings = j.new_openings, state = j.new_state,
                            healthy = case when j.moved then w.healthy else j.new_state = 'enabled' end,
                            failing_unannounced = not j.of_operator and j.new_state = 'failing'
                                and (j.state = 'enabled' or w.failing_unannounced),
                            given_up = case when j.of_operator then 0
                                else least(w.given_up::bigint + j.given_up, 2147483647)::int end,
                            given_up_since = coalesce(w.given_up_since, j.given_up_since),
                            given_up_last = coalesce(j.given_up_last, w.given_up_last)
                        from judged j where w.id = j.id
                        returning w.*, j.state <> 'disabled' and w.state = 'disabled' as disabled_now\
                        """,
                        Sql.column(all, UUID[]::new, update -> update.last().webhook().id()),
                        Sql.column(all, Boolean[]::new, update -> update.success),
                        Sql.column(all, Integer[]::new, update -> update.failures),
                        Sql.column(all, String[]::new, update -> text(update.firstFailure)),
                        Sql.column(all, String[]::new, update -> update.last().attempt().error()),
                        Sql.column(
                                all,
                                String[]::new,
                                update -> text(update.last().health().pausedUntil())),
                        Sql.column(
                                all,
                                String[]::new,
                                update -> text(update.last().health().breaker().until())),
                        Sql.column(
                                all,
                                Integer[]::new,
                                update -> update.last().health().breaker().openings()),
                        Sql.column(
                                all,
                                String[]::new,
                                update -> text(update.last().health().known().until())),
                        Sql.column(
                                all,
                                Integer[]::new,
                                update -> update.last().health().known().openings()),
                        Sql.column(all, Boolean[]::new, update -> update.gone),
                        Sql.column(
                                all,
                                String[]::new,
                                update -> text(update.last().attempt().endedAt())),
                        Sql.column(
                                all,
                                String[]::new,
                                update ->
                                        text(
                                                update.last()
                                                        .attempt()
                                                        .endedAt()
                                                        .minus(disableAfter))),
                        Sql.column(all, Integer[]::new, update -> update.givenUp),
                        Sql.column(
                                all,
                                String[]::new,
                                update ->
                                        update.firstGivenUp == null
                                                ? null
                                                : text(update.firstGivenUp.attempt().endedAt())),
                        Sql.column(
                                all,
                                UUID[]::new,
                                update ->
                                        update.lastGivenUp == null
                                                ? null
                                                : update.lastGivenUp.delivery().id()),
                        Sql.column(all, String[]::new, update -> update.last().webhook().url()),
                        Sql.column(
                                all,
                                String[]::new,
                                update -> text(update.last().webhook().updatedAt())),
                        ClientStore.OPERATOR,
                        MIN_FAILURES)
                .query(
                        connection,
                        row ->
                                new UpdatedWebhook(
                                        WebhookRows.read(row), row.getBoolean("disabled_now")));
    }

    private static @Nullable String text(@Nullable Instant instant) {
        return instant == null ? null : instant.toString();
    }
}
