package dev.mailbell.watch.schedule;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * What an account's looks have taught about when to look next. For who holds the account's lock.
 */
public final class AdaptiveInterval {
    /** A connection that lived so long was no trick of a server that accepts and drops. */
    private static final Duration SURVIVED = Duration.ofMinutes(1);

    private static final Duration PUSH_REFUSED_FOR = Duration.ofDays(1);

    /** Connections that were lost in a row, each soon after it began to wait. */
    private static final int DROPS_OF_PUSH = 6;

    private final LongSupplier nanoTime;
    private Duration loginDelay = Duration.ZERO;
    private double tempo = 1;
    private int drops;
    private int ownFaults;
    private boolean failing;
    private long failingSince;
    private boolean pushRefused;
    private long pushRefusedAt;
    private long safetyLookDue;
    private final HintBudget hints;
    private long lookBegunAt;
    private final EventBudget budget;

    public AdaptiveInterval(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.safetyLookDue = nanoTime.getAsLong();
        this.hints = new HintBudget(nanoTime);
        this.lookBegunAt = safetyLookDue;
        this.budget = new EventBudget(safetyLookDue);
    }

    /**
     * A look failed.
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

    /** For how long looks have failed. */
    public Duration failingFor() {
        return failing ? Duration.ofNanos(nanoTime.getAsLong() - failingSince) : Duration.ZERO;
    }

    /** A look was recorded. */
    public void recorded() {
        ownFaults = 0;
    }

    /**
     * A look could not be recorded, and this program is at fault.
     *
     * @return how long to wait, longer each time in a row
     */
    public Duration notRecorded() {
        ownFaults++;
        return Backoff.doubled(ownFaults);
    }

    /** How many looks in a row could not be recorded. */
    public int ownFaults() {
        return ownFaults;
    }

    /** The server asked for no shorter interval than this between logins. */
    public void askedFor(Duration delay) {
        loginDelay = delay;
    }

    public Duration noSoonerThan(Duration interval) {
        return interval.compareTo(loginDelay) < 0 ? loginDelay : interval;
    }

    /** 1 for the usual interval; see {@link PollingPolicy#interval}. */
    public double tempo() {
        return tempo;
    }

    public void looked(boolean foundMail) {
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

    /** Whether so many connections in a row were lost soon that waiting on one makes no sense. */
    public boolean losesWhatWaits() {
        return drops >= DROPS_OF_PUSH;
    }

    /** The server refused what it offered: it is not asked again for a day. */
    public void pushRefused() {
        pushRefused = true;
        pushRefusedAt = nanoTime.getAsLong();
    }

    public boolean wasPushRefused() {
        return pushRefused && nanoTime.getAsLong() - pushRefusedAt < PUSH_REFUSED_FOR.toNanos();
    }

    /** All mailboxes were looked at; the next such look is due after this span at the latest. */
    public void lookedAtAll(Duration next) {
        safetyLookDue = nanoTime.getAsLong() + next.toNanos();
    }

    /** Trust ends no later than this from now. */
    public void trustAtMost(Duration span) {
        long latest = nanoTime.getAsLong() + span.toNanos();
        if (safetyLookDue - latest > 0) {
            safetyLookDue = latest;
        }
    }

    public long nanosToSafetyLook() {
        return Math.max(0, safetyLookDue - nanoTime.getAsLong());
    }

    /** What decides when hints of the server may cause a check. */
    public HintBudget hints() {
        return hints;
    }

    /** A look begins that the server asked for. */
    public void looksForPush() {
        lookBegunAt = nanoTime.getAsLong();
    }

    /**
     * It has ended.
     *
     * @param found how many messages it found
     * @param busy what all busy accounts of this node share
     */
    public void lookedForPush(int found, BusySlots busy) {
        long now = nanoTime.getAsLong();
        budget.checked(now, now - lookBegunAt, found, busy);
    }

    /** How long to gather before the next look that push asks for; nothing for the first. */
    public Duration gathering() {
        return budget.gathering(nanoTime.getAsLong());
    }
}
