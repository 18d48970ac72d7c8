package dev.mailbell.delivery.log;

import dev.mailbell.database.Sql;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The table of the activity of webhooks, ten minutes a row. */
public final class ActivityTable {
    /** The time of one row. */
    public static final Duration SLOT = Duration.ofMinutes(10);

    /** Pending deliveries that are counted; more are as many. */
    public static final int MAX_PENDING = 10_000;

    /** Old rows that one statement deletes. */
    private static final int BATCH = 10_000;

    private final Jdbi jdbi;

    public ActivityTable(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Activity to add to a row. */
    record Row(UUID webhookId, Activity activity) {}

    /**
     * What waits for a webhook.
     *
     * @param count at most {@link #MAX_PENDING}
     * @param oldest when the oldest was created; null when none is pending
     */
    public record Pending(int count, @Nullable Instant oldest) {}

    /** The beginning of the slot that a time is in. */
    public static Instant slotOf(Instant at, Duration slot) {
        long seconds = at.getEpochSecond();
        return Instant.ofEpochSecond(seconds - Math.floorMod(seconds, slot.toSeconds()));
    }

    /**
     * Adds activity of webhooks that still exist. The commit does not wait for the disk.
     *
     * @param rows in the order of webhooks and times, so that nodes never deadlock
     */
    void add(List<Row> rows) {
        Sql sql =
                Sql.of(
                        """
                        with lazily as materialized (select set_config('synchronous_commit', 'off', true))
                        insert into webhook_activity as a
                            (webhook_id, at, attempts, delivered, total_ms, longest_ms, by_duration)
                        select n.webhook, n.at, n.attempts, n.delivered, n.total, n.longest, n.classes::bigint[]
                        from lazily, unnest(?::uuid[], ?::timestamptz[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
                            ?::text[]) with ordinality n(webhook, at, attempts, delivered, total, longest, classes, number)
                        where exists (select from webhook w where w.id = n.webhook)
                        order by n.number
                        on conflict (webhook_id, at) do update set attempts = a.attempts + excluded.attempts,
                            delivered = a.delivered + excluded.delivered, total_ms = a.total_ms + excluded.total_ms,
                            longest_ms = greatest(a.longest_ms, excluded.longest_ms),
                            by_duration = array(
                                select coalesce(c.old, 0) + coalesce(c.new, 0)
                                from unnest(a.by_duration, excluded.by_duration) with ordinality c(old, new, number)
                                order by c.number)\
                        """,
                        Sql.column(rows, UUID[]::new, Row::webhookId),
                        Sql.column(rows, String[]::new, row -> row.activity().at().toString()),
                        Sql.column(rows, Long[]::new, row -> row.activity().attempts()),
                        Sql.column(rows, Long[]::new, row -> row.activity().delivered()),
                        Sql.column(rows, Long[]::new, row -> row.activity().totalMillis()),
                        Sql.column(rows, Long[]::new, row -> row.activity().longestMillis()),
                        Sql.column(rows, String[]::new, row -> array(row.activity())));
        jdbi.useHandle(handle -> sql.update(handle.getConnection()));
    }

    private static String array(Activity activity) {
        return Arrays.stream(activity.byDuration())
                .mapToObj(Long::toString)
                .collect(Collectors.joining(",", "{", "}"));
    }

    /**
     * The activity of a webhook by steps, the oldest first; steps without attempts are left out.
     * The newest minute may be missing.
     *
     * @param since the step that it is in is the first
     * @param step a multiple of {@link #SLOT}
     */
    public List<Activity> of(UUID webhookId, Instant since, Instant until, Duration step) {
        Map<Instant, Activity> steps = new TreeMap<>();
        for (Activity slot : slots(webhookId, slotOf(since, step), until)) {
            Instant at = slotOf(slot.at(), step);
            steps.merge(at, Activity.none(at).plus(slot), Activity::plus);
        }
        return new ArrayList<>(steps.values());
    }

    /**
     * The activity of each of some webhooks in a time as a whole; one without attempts is left out.
     */
    public Map<UUID, Activity> totals(List<UUID> webhookIds, Instant since) {
        return jdbi.withHandle(handle ->
                handle
                        .createQuery(
                                """
                                select * from webhook_activity
                                where webhook_id = any (:ids) and at >= :since order by webhook_id, at\
                                """)
                        .bind("ids", webhookIds.toArray(UUID[]::new))
                        .bind("since", slotOf(since, SLOT).atOffset(ZoneOffset.UTC))
                        .map((row, context) ->
                                new Row(row.getObject("webhook_id", UUID.class), read(row)))
                        .list()
                        .stream()
                        .collect(Collectors.toMap(Row::webhookId, Row::activity, Activity::plus)));
    }

    private List<Activity> slots(UUID webhookId, Instant since, Instant until) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select * from webhook_activity
                                where webhook_id = :id and at >= :since and at < :until order by at\
                                """)
                        .bind("id", webhookId)
                        .bind("since", since.atOffset(ZoneOffset.UTC))
                        .bind("until", until.atOffset(ZoneOffset.UTC))
                        .map((row, context) -> read(row))
                        .list());
    }

    private static Activity read(ResultSet row) throws SQLException {
        Object[] stored = (Object[]) row.getArray("by_duration").getArray();
        long[] classes = new long[DurationClasses.COUNT];
        for (int i = 0; i < Math.min(stored.length, classes.length); i++) {
            classes[i] = (Long) stored[i];
        }
        return new Activity(
                row.getObject("at", OffsetDateTime.class).toInstant(),
                row.getLong("attempts"),
                row.getLong("delivered"),
                row.getLong("total_ms"),
                row.getLong("longest_ms"),
                classes);
    }

    /**
     * The deliveries that are yet to be sent to a webhook. The oldest is looked up by the index of
     * the log: that of pending deliveries, whose condition these comparisons do not imply, is in
     * another order.
     */
    public Pending pending(UUID webhookId) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select (select count(*) from (
                                        select from delivery where webhook_id = :id and status = 'pending' limit :most) waiting) as count,
                                    (select created_at from delivery where webhook_id = :id
                                        and status >= 'pending' and status <= 'pending' order by status, id limit 1) as oldest\
                                """)
                        .bind("id", webhookId)
                        .bind("most", MAX_PENDING)
                        .map((row, context) -> {
                            OffsetDateTime oldest = row.getObject("oldest", OffsetDateTime.class);
                            return new Pending(
                                    row.getInt("count"),
                                    oldest == null ? null : oldest.toInstant());
                        })
                        .one());
    }

    /** Deletes the rows of the time before. */
    public void deleteBefore(Instant time) {
        int deleted;
        do {
            deleted =
                    jdbi.withHandle(handle ->
                            handle.execute(
                                    """
                                    delete from webhook_activity where (webhook_id, at) in
                                        (select webhook_id, at from webhook_activity where at < ? limit ?)\
                                    """,
                                    time.atOffset(ZoneOffset.UTC),
                                    BATCH));
        } while (deleted == BATCH);
    }
}
