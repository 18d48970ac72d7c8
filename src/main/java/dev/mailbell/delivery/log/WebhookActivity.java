package dev.mailbell.delivery.log;

import dev.mailbell.database.Database;
import dev.mailbell.database.RecurringTask;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts attempts in memory, and writes what it has counted once a minute, a thousand rows in a
 * statement. So an attempt costs an addition, and a webhook without attempts costs nothing. The
 * counts of the last minute are lost with a crash: they are for charts.
 */
public final class WebhookActivity implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookActivity.class);
    private static final Duration INTERVAL = Duration.ofMinutes(1);
    private static final int BATCH = 1_000;

    /** Attempts of further webhooks are not counted until the next write. */
    private static final int MAX_SLOTS = 50_000;

    private final ActivityTable table;
    private Map<Slot, Activity> counted = new HashMap<>();
    private volatile @Nullable RecurringTask task;

    /** A row of the table. */
    private record Slot(UUID webhookId, Instant at) {}

    public WebhookActivity(ActivityTable table) {
        this.table = table;
    }

    /** Writes once a minute from now on. */
    public void start() {
        task = new RecurringTask("webhook-activity", INTERVAL, this::write);
    }

    /** Counts an attempt. */
    public void attempted(UUID webhookId, Attempt attempt) {
        Instant at = ActivityTable.slotOf(attempt.endedAt(), ActivityTable.SLOT);
        add(
                new Slot(webhookId, at),
                Activity.of(at, attempt.delivered(), AttemptStore.millis(attempt)));
    }

    private synchronized void add(Slot slot, Activity activity) {
        if (counted.size() < MAX_SLOTS || counted.containsKey(slot)) {
            counted.merge(slot, activity, Activity::plus);
        }
    }

    private synchronized Map<Slot, Activity> take() {
        Map<Slot, Activity> taken = counted;
        counted = new HashMap<>();
        return taken;
    }

    /** Writes what was counted since the last call; keeps it when the database is away. */
    public void write() {
        List<ActivityTable.Row> rows = new ArrayList<>();
        take().forEach((slot, activity) ->
                rows.add(new ActivityTable.Row(slot.webhookId(), activity)));
        rows.sort(
                Comparator.comparing((ActivityTable.Row row) -> row.webhookId().toString())
                        .thenComparing(row -> row.activity().at()));
        for (int from = 0; from < rows.size(); from += BATCH) {
            List<ActivityTable.Row> batch = rows.subList(from, Math.min(rows.size(), from + BATCH));
            try {
                table.add(batch);
            } catch (RuntimeException e) {
                if (!Database.isAway(e)) {
                    throw e;
                }
                LOG.debug("The activity of webhooks cannot be written: {}", Database.reason(e));
                rows.subList(from, rows.size())
                        .forEach(row ->
                                add(
                                        new Slot(row.webhookId(), row.activity().at()),
                                        row.activity()));
                return;
            }
        }
    }

    /** Writes the last counts if the database is there. */
    @Override
    public void close() {
        RecurringTask running = task;
        if (running != null) {
            running.close();
        }
        try {
            write();
        } catch (RuntimeException e) {
            LOG.debug("The last activity of webhooks is not written: {}", Database.reason(e));
        }
    }
}
