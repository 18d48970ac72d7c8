package dev.mailbell.delivery;

import dev.mailbell.delivery.Completions.Ended;
import dev.mailbell.delivery.Webhook.Health;
import dev.mailbell.delivery.Webhook.State;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** What the attempts of one batch say about one webhook. */
final class News {
    /** Fewer failures disable no webhook, however long ago its last success was. */
    private static final int FEWEST_FAILURES = 10;

    private boolean success;
    private boolean gone;
    private boolean known = true;
    private int failures;
    private @Nullable Instant firstFailure;
    private @Nullable Ended last;
    private final Set<UUID> deliveries = new HashSet<>();

    /** A webhook after it was told, and whether that disabled it. */
    record Row(Webhook webhook, boolean disabledNow) {}

    /** In the order in which they ended. */
    void add(Ended ended) {
        last = ended;
        deliveries.add(ended.delivery().id());
        known &= ended.webhook().health().equals(Health.GOOD);
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
        return failures > 0 || gone || !known || last().webhook().state() == State.FAILING;
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

    /** Empty when the webhook was removed. */
    Optional<Row> write(Handle handle, UUID id, Duration disableAfter) {
        Instant now = last().attempt().endedAt();
        return handle.createQuery(
                        """
                        with old as (select id, state, case when :success then 0 else failures end as failures,
                                coalesce(case when :success then null else failing_since end, :first::timestamptz) as since,
                                greatest(paused_until, :paused::timestamptz) as paused
                            from webhook where id = :id for update)
                        update webhook w set
                            failures = least(o.failures::bigint + :failures, 2147483647)::int, failing_since = o.since, last_error = :error,
                            paused_until = case when o.paused > :now then o.paused end,
                            breaker_until = :breakerUntil::timestamptz, breaker_openings = :breakerOpenings,
                            state = case
                                when o.state = 'disabled' or :gone
                                    or (:failures > 0 and o.since <= :disableBefore and o.failures::bigint + :failures >= :fewest)
                                    then 'disabled'
                                when :failures > 0 or o.paused > :now or :breakerOpenings > 0 then 'failing'
                                else 'enabled' end
                        from old o where w.id = o.id
                        returning w.*, o.state <> 'disabled' and w.state = 'disabled' as disabled_now\
                        """)
                .bind("id", id)
                .bind("success", success)
                .bind("failures", failures)
                .bind("first", utc(firstFailure))
                .bind("error", last().attempt().error())
                .bind("paused", utc(last().gate().pausedUntil()))
                .bind("breakerUntil", utc(last().gate().breakerUntil()))
                .bind("breakerOpenings", last().gate().breakerOpenings())
                .bind("gone", gone)
                .bind("now", utc(now))
                .bind("disableBefore", utc(now.minus(disableAfter)))
                .bind("fewest", FEWEST_FAILURES)
                .map((row, context) ->
                        new Row(WebhookStore.read(row), row.getBoolean("disabled_now")))
                .findOne();
    }

    private static @Nullable OffsetDateTime utc(@Nullable Instant instant) {
        return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
    }
}
