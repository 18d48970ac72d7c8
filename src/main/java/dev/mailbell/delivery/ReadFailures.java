package dev.mailbell.delivery;

import dev.mailbell.database.Database;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * What one thread logs of readings that fail: an outage of the database once until a reading
 * succeeds, any other failure each time. Not safe for many threads.
 */
final class ReadFailures {
    private final Logger log;
    private final String what;
    private boolean outageTold;

    /**
     * @param what cannot be done now
     */
    ReadFailures(Logger log, String what) {
        this.log = log;
        this.what = what;
    }

    void failed(RuntimeException failure) {
        boolean outage = Database.isAway(failure);
        log.atLevel(outage && outageTold ? Level.DEBUG : Level.WARN)
                .log(
                        "{}: {}",
                        what,
                        outage ? Database.reason(failure) : String.valueOf(failure.getMessage()));
        outageTold |= outage;
    }

    void succeeded() {
        outageTold = false;
    }
}
