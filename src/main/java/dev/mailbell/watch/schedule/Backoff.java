package dev.mailbell.watch.schedule;

import dev.mailbell.mail.FailureCode;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long to wait after failures in a row. */
public final class Backoff {
    private static final Duration FIRST = Duration.ofSeconds(5);
    private static final Duration LONGEST = Duration.ofMinutes(15);

    /**
     * Another session holds the maildrop's lock; it ends with that session (RFC 1939, section 3).
     */
    private static final Duration LOCKED = Duration.ofMinutes(1);

    /**
     * A refused login is tried three times over ten minutes, then once a day: providers lock
     * accounts with too many refused logins.
     */
    private static final Duration REFUSED = Duration.ofSeconds(375);

    private static final int REFUSALS = 3;
    private static final Duration PROBE = Duration.ofDays(1);

    private Backoff() {}

    /**
     * The wait before the next check: doubling from 5 s to 15 min, each 20 % shorter or longer.
     *
     * @param attempts checks in a row that failed, 1 or more
     */
    public static Duration after(FailureCode code, int attempts, RandomGenerator random) {
        Duration plain =
                switch (code) {
                    case AUTH_FAILED, TOKEN_REFUSED -> attempts < REFUSALS ? REFUSED : PROBE;
                    case MAILBOX_LOCKED -> LOCKED.multipliedBy(Math.min(attempts, 5));
                    default -> doubled(attempts);
                };
        return jittered(plain, 0.2, random);
    }

    /** From 5 s to 15 min, by how many attempts in a row failed, 1 or more. */
    static Duration doubled(int attempts) {
        Duration wait = FIRST.multipliedBy(1L << Math.min(attempts - 1, 20));
        return wait.compareTo(LONGEST) > 0 ? LONGEST : wait;
    }

    /** A span made shorter or longer by up to the given share of it. */
    public static Duration jittered(Duration span, double share, RandomGenerator random) {
        double factor = 1 + share * (2 * random.nextDouble() - 1);
        return Duration.ofNanos((long) (span.toNanos() * factor));
    }
}
