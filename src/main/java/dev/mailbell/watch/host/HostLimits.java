package dev.mailbell.watch.host;

import dev.mailbell.mail.FailureCode;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * How many connections and logins a mail host gets: what is configured at most, less while it shows
 * that this is too much. Times are nanoseconds of one monotonic clock. For one thread at a time.
 */
public final class HostLimits {
    /** Logins begin at this share of the full rate. */
    private static final double RAMP = 0.1;

    /** What a pause left over is made up for, so that a late wake-up does not lower the rate. */
    private static final long CATCH_UP = TimeUnit.MILLISECONDS.toNanos(10);

    /** A host that refuses connections is taken for full this long; then some more are tried. */
    private static final long CAP_RAISED_AFTER = TimeUnit.MINUTES.toNanos(1);

    /** Many accounts fail at once: that is one failure of the host. */
    private static final long SLOWED_AT_MOST_EVERY = TimeUnit.SECONDS.toNanos(1);

    /** After so many failures and no success a host is away. */
    private static final int AWAY = 3;

    /** What lasts less is no outage. */
    private static final long OUTAGE = TimeUnit.SECONDS.toNanos(30);

    private static final long BACK_AT_MOST_EVERY = TimeUnit.MINUTES.toNanos(1);

    /** More connections than one node can hold. */
    private static final int NO_LIMIT = 1_000_000;

    private final IntSupplier connections;
    private final IntSupplier loginsPerSecond;
    private double rate;
    private long nextLogin;
    private long slowedAt;
    private int cap = Integer.MAX_VALUE;
    private long capSetAt;
    private int failuresInRow;
    private int refusalsInRow;
    private long failingSince;
    private long backAt;

    /**
     * @param connections as configured now, 1 or more; {@link Integer#MAX_VALUE} for no limit
     * @param loginsPerSecond as configured now, 1 or more
     */
    public HostLimits(IntSupplier connections, IntSupplier loginsPerSecond, long now) {
        this.connections = connections;
        this.loginsPerSecond = loginsPerSecond;
        this.rate = Math.max(1, RAMP * loginsPerSecond.getAsInt());
        this.nextLogin = now;
        this.slowedAt = now - SLOWED_AT_MOST_EVERY;
        this.backAt = now - BACK_AT_MOST_EVERY;
    }

    /** How many connections may be open. */
    int connections(long now) {
        int configured = connections.getAsInt();
        if (cap != Integer.MAX_VALUE && now - capSetAt > CAP_RAISED_AFTER) {
            cap += Math.max(1, cap / 10);
            capSetAt = now;
            if (cap >= Math.min(configured, NO_LIMIT)) {
                cap = Integer.MAX_VALUE;
            }
        }
        return Math.min(cap, configured);
    }

    /** How long until the next login may begin; 0 or less for now. */
    long untilNextLogin(long now) {
        return nextLogin - now;
    }

    /** A login begins. */
    void login(long now) {
        double perSecond = Math.min(rate, loginsPerSecond.getAsInt());
        nextLogin =
                Math.max(nextLogin, now - CATCH_UP)
                        + (long) (TimeUnit.SECONDS.toNanos(1) / perSecond);
    }

    /**
     * A check succeeded: the rate of logins rises.
     *
     * @return whether the host is back from an outage; once a minute at most
     */
    boolean worked(long now) {
        boolean wasAway =
                failuresInRow >= AWAY
                        && now - failingSince >= OUTAGE
                        && now - backAt >= BACK_AT_MOST_EVERY;
        if (wasAway) {
            backAt = now;
        }
        failuresInRow = 0;
        refusalsInRow = 0;
        rate = Math.min(loginsPerSecond.getAsInt(), rate + 1);
        return wasAway;
    }

    /**
     * A check failed for a reason that lies in the host: the rate of logins is halved. Where the
     * host refuses connections over and over, fewer are opened for a while.
     *
     * @param open connections that are open now
     */
    void failed(FailureCode code, int open, long now) {
        if (failuresInRow++ == 0) {
            failingSince = now;
        }
        refusalsInRow += code == FailureCode.TOO_MANY_CONNECTIONS ? 1 : 0;
        if (refusalsInRow >= AWAY) {
            refusalsInRow = 0;
            cap = Math.max(1, Math.min(cap, open));
            capSetAt = now;
        }
        if (now - slowedAt >= SLOWED_AT_MOST_EVERY) {
            slowedAt = now;
            rate = Math.max(1, rate / 2);
        }
    }
}
