package dev.mailbell.mail.imap;

import java.time.Duration;

/**
 * Counts how often in a row a server ended IDLE by itself. A server that always does so does not
 * support IDLE, and repeating the command would be a busy loop.
 */
final class IdleEndings {
    private static final Duration AT_ONCE = Duration.ofSeconds(1);
    private static final int TOO_MANY_AT_ONCE = 3;

    private static final Duration EARLY = Duration.ofMinutes(1);
    private static final int TOO_MANY_EARLY = 10;

    private int atOnce;
    private int early;

    /**
     * Records the end of an IDLE.
     *
     * @param byServer the server ended it; DONE was not sent
     * @param lasted nanoseconds
     */
    void ended(boolean byServer, long lasted) {
        atOnce = byServer && lasted < AT_ONCE.toNanos() ? atOnce + 1 : 0;
        if (lasted >= EARLY.toNanos()) {
            early = 0;
        } else if (byServer) {
            early++;
        }
    }

    /** Whether IDLE must not be sent to this server any more. */
    boolean areTooMany() {
        return atOnce >= TOO_MANY_AT_ONCE || early >= TOO_MANY_EARLY;
    }
}
