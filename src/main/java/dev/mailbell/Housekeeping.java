package dev.mailbell;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.scheduler.task.schedule.Schedules;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done once an hour by one node of all: partitions made ahead and dropped, leftovers
 * removed. Which node it is, db-scheduler decides.
 */
final class Housekeeping implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);
    private static final Duration EVERY = Duration.ofHours(1);
    private static final Duration POLL = Duration.ofMinutes(1);
    private static final Duration LAST_CALLS = Duration.ofSeconds(5);

    private final ExecutorService thread;
    private final Scheduler scheduler;

    /**
     * One thing to do.
     *
     * @param name for the log, as in "cannot … now"
     */
    record Chore(String name, Runnable work) {}

    private Housekeeping(DataSource database, List<Chore> chores) {
        thread =
                Executors.newSingleThreadExecutor(
                        Thread.ofVirtual().name("housekeeping").factory());
        scheduler =
                Scheduler.create(database)
                        .startTasks(
                                Tasks.recurring("housekeeping", Schedules.fixedDelay(EVERY))
                                        .execute((instance, context) -> doAll(chores)))
                        .threads(1)
                        .executorService(thread)
                        .pollingInterval(POLL)
                        .shutdownMaxWait(LAST_CALLS)
                        // The database being away is told by those who need it at once.
                        .failureLogging(LogLevel.WARN, false)
                        .build();
    }

    /** Begins; the first round is at once when the last one was more than an hour ago. */
    static Housekeeping start(DataSource database, List<Chore> chores) {
        Housekeeping housekeeping = new Housekeeping(database, List.copyOf(chores));
        housekeeping.scheduler.start();
        return housekeeping;
    }

    /** One chore that fails does not keep the others from being done. */
    static void doAll(List<Chore> chores) {
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

    /** Waits, at most 5 s, for what is under way. */
    @Override
    public void close() {
        scheduler.stop();
        thread.shutdownNow();
    }
}
