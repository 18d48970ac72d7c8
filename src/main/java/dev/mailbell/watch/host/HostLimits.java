package dev.mailbell.watch.host;

import dev.mailbell.mail.FailureCode;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.UUID;
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

    /** What is known of so many clients; the one that was served longest ago is forgotten. */
    private static final int CLIENTS_REMEMBERED = 1_000;

    private final IntSupplier connections;
    private final IntSupplier loginsPerSecond;
    private final SequencedMap<UUID, Standing> clients = new LinkedHashMap<>(16, 0.75f, true);
    private long nextLogin;
    private int cap = Integer.MAX_VALUE;
    private long capSetAt;
    private int refusalsInRow;

    /**
     * How the host has answered one client. A client whose accounts fail there, because their port
     * is wrong for example, does not slow the logins of others.
     */
    private final class Standing {
        private double rate = Math.max(1, RAMP * loginsPerSecond.getAsInt());
        private long nextLogin;
        private long slowedAt;
        private int failuresInRow;
        private long failingSince;
        private long backAt;

        Standing(long now) {
            nextLogin = now;
            slowedAt = now - SLOWED_AT_MOST_EVERY;
            backAt = now - BACK_AT_MOST_EVERY;
        }
    }

    /**
     * @param connections as configured now, 1 or more; {@link Integer#MAX_VALUE} for no limit
     * @param loginsPerSecond as configured now, 1 or more
     */
    public HostLimits(IntSupplier connections, IntSupplier loginsPerSecond, long now) {
        this.connections = connections;
        this.loginsPerSecond = loginsPerSecond;
        this.nextLogin = now;
    }

    private Standing of(UUID client, long now) {
        Standing standing = clients.computeIfAbsent(client, any -> new Standing(now));
        if (clients.size() > CLIENTS_REMEMBERED) {
            clients.pollFirstEntry();
        }
        return standing;
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

    /** How long until the next login of the client may begin; 0 or less for now. */
    long untilNextLogin(UUID client, long now) {
        return Math.max(nextLogin - now, of(client, now).nextLogin - now);
    }

    /** A login of the client begins. */
    void login(UUID client, long now) {
        Standing standing = of(client, now);
        int most = loginsPerSecond.getAsInt();
        nextLogin = after(nextLogin, most, now);
        standing.nextLogin = after(standing.nextLogin, Math.min(standing.rate, most), now);
    }

    private static long after(long last, double perSecond, long now) {
        return Math.max(last, now - CATCH_UP) + (long) (TimeUnit.SECONDS.toNanos(1) / perSecond);
    }

    /**
     * A check of the client succeeded: its rate of logins rises.
     *
     * @return whether the host is back from an outage for it; once a minute at most
     */
    boolean worked(UUID client, long now) {
        Standing standing = of(client, now);
        boolean wasAway =
                standing.failuresInRow >= AWAY
                        && now - standing.failingSince >= OUTAGE
                        && now - standing.backAt >= BACK_AT_MOST_EVERY;
        if (wasAway) {
            standing.backAt = now;
        }
        standing.failuresInRow = 0;
        refusalsInRow = 0;
        standing.rate = Math.min(loginsPerSecond.getAsInt(), standing.rate + 1);
        return wasAway;
    }

    /**
     * A check of the client failed for a reason that lies in the host: its rate of logins is
     * halved. Where the host refuses connections over and over, fewer are opened for a while.
     *
     * @param open connections that are open now
     */
    void failed(UUID client, FailureCode code, int open, long now) {
        Standing standing = of(client, now);
        if (standing.failuresInRow++ == 0) {
            standing.failingSince = now;
        }
        refusalsInRow += code == FailureCode.TOO_MANY_CONNECTIONS ? 1 : 0;
        if (refusalsInRow >= AWAY) {
            refusalsInRow = 0;
            cap = Math.max(1, Math.min(cap, open));
            capSetAt = now;
        }
        if (now - standing.slowedAt >= SLOWED_AT_MOST_EVERY) {
            standing.slowedAt = now;
            standing.rate = Math.max(1, standing.rate / 2);
        }
    }
}
