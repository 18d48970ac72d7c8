package dev.mailbell;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.scheduler.task.schedule.Schedules;
import dev.mailbell.api.Api;
import dev.mailbell.client.PortalLinkStore;
import dev.mailbell.config.RetentionConfig;
import dev.mailbell.database.DailyPartitions;
import dev.mailbell.delivery.log.ActivityTable;
import dev.mailbell.delivery.log.DeliveryLog;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs chores once an hour on one node of the cluster, which db-scheduler selects: makes and drops
 * partitions, removes leftovers.
 */
final class Housekeeping implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);
    private static final Duration INTERVAL = Duration.ofHours(1);
    private static final Duration POLLING_INTERVAL = Duration.ofMinutes(1);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    private final ExecutorService thread;
    private final Scheduler scheduler;

    /**
     * One piece of work.
     *
     * @param name a verb phrase for the log line "Housekeeping cannot … now"
     */
    record Chore(String name, Runnable work) {}

    private Housekeeping(DataSource database, List<Chore> chores, InstantSource clock) {
        thread =
                Executors.newSingleThreadExecutor(
                        Thread.ofVirtual().name("housekeeping").factory());
        scheduler =
                Scheduler.create(database)
                        .startTasks(
                                Tasks.recurring("housekeeping", Schedules.fixedDelay(INTERVAL))
                                        .execute((instance, context) -> runAll(chores)))
                        // Nodes whose hosts differ in the time would run the chores too often.
                        .clock(clock::instant)
                        .threads(1)
                        .executorService(thread)
                        .pollingInterval(POLLING_INTERVAL)
                        .shutdownMaxWait(STOP_TIMEOUT)
                        // Other parts already log that the database is away.
                        .failureLogging(LogLevel.WARN, false)
                        .build();
    }

    /** All chores of the daemon. */
    static List<Chore> chores(
            DailyPartitions partitions,
            RetentionConfig retention,
            Jdbi jdbi,
            InstantSource clock,
            Api api) {
        return List.of(
                new Chore("make partitions ahead", partitions::makeAhead),
                new Chore(
                        "drop old partitions",
                        () -> {
                            partitions.drop(retention.events(), retention.deliveries());
                            partitions.dropAudit(retention.audit());
                        }),
                new Chore(
                        "remove what removed webhooks left",
                        new DeliveryLog(jdbi, clock)::removeOrphans),
                new Chore(
                        "remove old activity of webhooks",
                        () ->
                                new ActivityTable(jdbi)
                                        .deleteBefore(
                                                clock.instant().minus(retention.deliveries()))),
                new Chore(
                        "remove portal links that have ended",
                        () -> new PortalLinkStore(jdbi).deleteExpired(clock.instant())),
                new Chore("remove old answers to Idempotency-Keys", api::deleteExpiredAnswers));
    }

    /** Starts; the first run is at once when the last one was more than an hour ago. */
    static Housekeeping start(DataSource database, List<Chore> chores, InstantSource clock) {
        Housekeeping housekeeping = new Housekeeping(database, List.copyOf(chores), clock);
        housekeeping.scheduler.start();
        return housekeeping;
    }

    /** Runs every chore, also after one has failed. */
    static void runAll(List<Chore> chores) {
        for (Chore chore : chores) {
            try {
                chore.work().run();
            } catch (RuntimeException e) {
                LOG.warn(
                        "Housekeeping cannot {} now; it is tried again in an hour: {}",
                        chore.name(),
                        e.getMessage());
            }
        }
    }

    /** Waits at most 5 s for a running chore. */
    @Override
    public void close() {
        scheduler.stop();
        thread.shutdownNow();
    }
}
