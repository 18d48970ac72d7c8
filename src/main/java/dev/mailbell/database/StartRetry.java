package dev.mailbell.database;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Repeats a step of a start while the database is away, with a pause between the tries. */
public final class StartRetry {
    private static final Logger LOG = LoggerFactory.getLogger(StartRetry.class);
    private static final Duration PAUSE = Duration.ofMillis(500);

    private StartRetry() {}

    /**
     * Returns when the step has succeeded.
     *
     * @param failing the beginning of the line that is logged before another try
     * @throws DatabaseException of the last of these tries, of the first one that failed although
     *     the database was not away, or of the try before this thread was interrupted
     */
    public static void run(int tries, String failing, Runnable step) {
        for (int left = tries - 1; !isDone(step, left, failing); left--) {}
    }

    /** Whether the step has succeeded; false after a pause, while other tries are left. */
    private static boolean isDone(Runnable step, int left, String failing) {
        try {
            step.run();
            return true;
        } catch (DatabaseException e) {
            if (left == 0 || !Database.isAway(e)) {
                throw e;
            }
            LOG.info("{}: {}", failing, Database.reason(e));
            pause(e);
            return false;
        }
    }

    private static void pause(DatabaseException failure) {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure;
        }
    }
}
