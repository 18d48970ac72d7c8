package dev.mailbell.delivery.queue;

import dev.mailbell.database.Database;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * What one thread logs of readings that fail: an outage of the database once until a reading
 * succeeds, any other failure each time. Not safe for many threads.
 */
public final class ReadFailures {
    private final Logger log;
    private final String what;
    private boolean outageTold;

    /**
     * @param what cannot be done now
     */
    public ReadFailures(Logger log, String what) {
        this.log = log;
        this.what = what;
    }

    public void failed(RuntimeException failure) {
        boolean outage = Database.isAway(failure);
        log.atLevel(outage && outageTold ? Level.DEBUG : Level.WARN)
                .log(
                        "{}: {}",
                        what,
                        outage ? Database.reason(failure) : String.valueOf(failure.getMessage()));
        outageTold |= outage;
    }

    public void succeeded() {
        outageTold = false;
    }
}
