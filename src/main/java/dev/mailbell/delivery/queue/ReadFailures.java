package dev.mailbell.delivery.queue;

import dev.mailbell.database.Database;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Logs the failed reads of one thread: an outage of the database once until a read succeeds, any
 * other failure each time. Not safe for many threads.
 */
public final class ReadFailures {
    private final Logger log;
    private final String sentence;
    private boolean outageLogged;

    /**
     * @param sentence to log, such as "The table cannot be read now"
     */
    public ReadFailures(Logger log, String sentence) {
        this.log = log;
        this.sentence = sentence;
    }

    public void failed(RuntimeException failure) {
        boolean outage = Database.isAway(failure);
        log.atLevel(outage && outageLogged ? Level.DEBUG : Level.WARN)
                .log(
                        "{}: {}",
                        sentence,
                        outage ? Database.reason(failure) : String.valueOf(failure.getMessage()));
        outageLogged |= outage;
    }

    public void succeeded() {
        outageLogged = false;
    }
}
