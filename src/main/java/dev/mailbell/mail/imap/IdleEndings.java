package dev.mailbell.mail.imap;

import java.time.Duration;

/**
 * Counts how often in a row a server ended IDLE by itself. A server that does so over and over does
 * not know IDLE: waiting for it again each time would be a loop of commands.
 */
final class IdleEndings {
    private static final Duration AT_ONCE = Duration.ofSeconds(1);
    private static final int TOO_MANY_AT_ONCE = 3;

    private static final Duration EARLY = Duration.ofMinutes(1);
    private static final int TOO_MANY_EARLY = 10;

    private int atOnce;
    private int early;

    /**
     * An IDLE is over.
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

    /** Whether the server is not to be asked for IDLE any more. */
    boolean tooMany() {
        return atOnce >= TOO_MANY_AT_ONCE || early >= TOO_MANY_EARLY;
    }
}
