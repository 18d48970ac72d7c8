package dev.mailbell.watch.schedule;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * What the checks of an account have shown about when to check next. Changed only by the thread
 * that holds the account's lock.
 */
public final class AdaptiveInterval {
    /** A connection that lived this long does not count as lost soon. */
    private static final Duration SURVIVED = Duration.ofMinutes(1);

    private static final Duration PUSH_REFUSED_FOR = Duration.ofDays(1);

    /** Connections that were lost in a row, each soon after it began to wait. */
    private static final int DROPS_OF_PUSH = 6;

    /** What the checks of an account may read in a second, one check aside: 64 KiB. */
    private static final int OCTETS_PER_SECOND = 64 << 10;

    private final LongSupplier nanoTime;
    private Duration loginDelay = Duration.ZERO;

    /** Octets that the last check has read, and the one before it. */
    private int lastRead;

    private int readBefore;
    private double tempo = 1;
    private int drops;
    private int ownFaults;
    private boolean failing;
    private long failingSince;
    private long pushRefusedAt;

    /** Written after the time; read by any thread. */
    private volatile boolean pushRefused;

    private long safetyCheckDue;
    private final HintBudget hints;
    private long pushedCheckBegunAt;
    private final EventBudget budget;

    public AdaptiveInterval(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.safetyCheckDue = nanoTime.getAsLong();
        this.hints = new HintBudget(nanoTime);
        this.pushedCheckBegunAt = safetyCheckDue;
        this.budget = new EventBudget(safetyCheckDue);
    }

    /**
     * A check failed.
     *
     * @param first whether the one before it did not
     * @param stored for how long the account has failed by its row, asked after a start only: the
     *     wall clock, by which that was written, may have been set since
     */
    public void failed(boolean first, Duration stored) {
        if (first || !failing) {
            long before = first || stored.isNegative() ? 0 : stored.toNanos();
            failingSince = nanoTime.getAsLong() - before;
            failing = true;
        }
    }

    /** How long ago the first of the failures in a row was. */
    public Duration failingFor() {
        return failing ? Duration.ofNanos(nanoTime.getAsLong() - failingSince) : Duration.ZERO;
    }

    /** A check was recorded. */
    public void recorded() {
        ownFaults = 0;
    }

    /** A check could not be recorded because of a fault of this program. */
    public void notRecorded() {
        ownFaults++;
    }

    /** How many checks in a row could not be recorded. */
    public int ownFaults() {
        return ownFaults;
    }

    /** The server asked for no shorter interval than this between logins. */
    public void askedFor(Duration delay) {
        loginDelay = delay;
    }

    /** A check that succeeded has read so many octets. */
    public void hasRead(long octets) {
        readBefore = lastRead;
        lastRead = (int) Math.min(octets, Integer.MAX_VALUE);
    }

    /**
     * The shortest time to the next check: between two logins what the server asked for, and after
     * two checks in a row that read much the time that the smaller one takes at 64 KiB a second. A
     * long listing that is read once, such as the first one, delays no check.
     */
    public Duration leastWait() {
        Duration reading =
                Duration.ofMillis(1_000L * Math.min(lastRead, readBefore) / OCTETS_PER_SECOND);
        return reading.compareTo(loginDelay) > 0 ? reading : loginDelay;
    }

    /** 1 for the usual interval; see {@link PollingPolicy#interval}. */
    public double tempo() {
        return tempo;
    }

    public void checked(boolean foundMail) {
        tempo = PollingPolicy.tempo(tempo, foundMail);
    }

    /**
     * A connection was lost while it was kept.
     *
     * @return how many were lost in a row that lived only briefly; 0 when this one lived long
     */
    public int lost(Duration age) {
        drops = age.compareTo(SURVIVED) >= 0 ? 0 : drops + 1;
        return drops;
    }

    /** How many connections in a row were lost soon after they were opened. */
    public int drops() {
        return drops;
    }

    /** Whether so many connections in a row were lost soon that waiting on one makes no sense. */
    public boolean losesIdleConnections() {
        return drops >= DROPS_OF_PUSH;
    }

    /** The server refused what it offered: it is not asked again for a day. */
    public void pushRefused() {
        pushRefusedAt = nanoTime.getAsLong();
        pushRefused = true;
    }

    public boolean wasPushRefused() {
        return pushRefused && nanoTime.getAsLong() - pushRefusedAt < PUSH_REFUSED_FOR.toNanos();
    }

    /**
     * All mailboxes were checked; while the server pushes, the next such check is due after this
     * span, or after {@link #leastWait} when that is longer.
     */
    public void checkedAll(Duration next) {
        Duration least = leastWait();
        Duration wait = least.compareTo(next) > 0 ? least : next;
        safetyCheckDue = nanoTime.getAsLong() + wait.toNanos();
    }

    /** Trust ends no later than this from now. */
    public void trustAtMost(Duration span) {
        long latest = nanoTime.getAsLong() + span.toNanos();
        if (safetyCheckDue - latest > 0) {
            safetyCheckDue = latest;
        }
    }

    public long nanosToSafetyCheck() {
        return Math.max(0, safetyCheckDue - nanoTime.getAsLong());
    }

    /** What decides when hints of the server may cause a check. */
    public HintBudget hints() {
        return hints;
    }

    /** A check begins because of a hint. */
    public void pushedCheckBegins() {
        pushedCheckBegunAt = nanoTime.getAsLong();
    }

    /**
     * It has ended.
     *
     * @param found how many messages it found
     * @param busy the slots that busy accounts of the client share
     */
    public void pushedCheckEnded(int found, BusySlots.OfClient busy) {
        long now = nanoTime.getAsLong();
        budget.checked(now, now - pushedCheckBegunAt, found, busy);
    }

    /** How long mail is gathered before the next check because of a hint; zero for the first. */
    public Duration gathering() {
        return budget.gathering(nanoTime.getAsLong());
    }
}
