package dev.mailbell.health;

import dev.mailbell.event.CanaryStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What became of the canary's mails; the row of its table.
 *
 * @param account whose mailbox receives them
 * @param mail the one that is to be announced; null when none is
 * @param announcedAt when one was last announced; null when none was
 * @param took from the acceptance of that one to its announcement
 * @param misses in a row
 * @param miss why the latest one is a miss; null when it is none
 * @param lateAnnounced whether {@code canary.late} was announced, and no mail was since
 * @param nextAt when the next mail is due
 */
record CanaryState(
        UUID account,
        @Nullable Mail mail,
        @Nullable Instant announcedAt,
        @Nullable Duration took,
        int misses,
        @Nullable Miss miss,
        boolean lateAnnounced,
        Instant nextAt) {
    /** So many misses in a row are announced. */
    static final int LATE = 3;

    /** The longest time between two mails while they are missed, unless the interval is longer. */
    private static final Duration MAX_PAUSE = Duration.ofHours(1);

    /**
     * A mail that is under way.
     *
     * @param token in its subject
     * @param sentAt when the daemon began to send it
     * @param acceptedAt when the mail server had accepted it; null when that is not known
     */
    record Mail(String token, Instant sentAt, @Nullable Instant acceptedAt) {}

    /** Why a mail is a miss. */
    enum Reason {
        NOT_ANNOUNCED,
        NOT_SENT,
        ACCOUNT_UNAVAILABLE
    }

    /**
     * @param problem for people
     */
    record Miss(Reason reason, String problem) {}

    /** The first mail is due at once. */
    static CanaryState first(UUID account, Instant now) {
        return new CanaryState(account, null, null, null, 0, null, false, now);
    }

    boolean isLate() {
        return misses >= LATE;
    }

    CanaryStatus status() {
        return new CanaryStatus(
                account,
                isLate(),
                misses,
                miss == null ? null : miss.reason().name().toLowerCase(Locale.ROOT),
                miss == null ? null : miss.problem(),
                announcedAt,
                took);
    }

    /** A mail begins to be sent. */
    CanaryState sending(Mail next, Duration interval) {
        return new CanaryState(
                account,
                next,
                announcedAt,
                took,
                misses,
                miss,
                lateAnnounced,
                next.sentAt().plus(pause(misses, interval)));
    }

    /** The mail server has accepted the mail. */
    CanaryState accepted(Mail sent, Instant at) {
        return new CanaryState(
                account,
                new Mail(sent.token(), sent.sentAt(), at),
                announcedAt,
                took,
                misses,
                miss,
                lateAnnounced,
                nextAt);
    }

    /** The mail was announced: what was wrong is over. */
    CanaryState announced(Mail arrived, Instant at, Duration interval) {
        Instant accepted = arrived.acceptedAt() == null ? arrived.sentAt() : arrived.acceptedAt();
        Duration way = Duration.between(accepted, at);
        Instant next = arrived.sentAt().plus(interval);
        return new CanaryState(
                account,
                null,
                at,
                // The mail may be there before the answer of the mail server is.
                way.isNegative() ? Duration.ZERO : way,
                0,
                null,
                false,
                next.isBefore(nextAt) ? next : nextAt);
    }

    /** A mail was not announced until the next one was due, or could not be sent. */
    CanaryState missed(Miss why, Instant now, Duration interval) {
        return missed(why, misses + 1, now, interval);
    }

    /** Another reason for the latest miss: the mail after the one that was missed. */
    CanaryState missedAgain(Miss why, Instant now, Duration interval) {
        return missed(why, misses, now, interval);
    }

    private CanaryState missed(Miss why, int count, Instant now, Duration interval) {
        return new CanaryState(
                account,
                null,
                announcedAt,
                took,
                count,
                why,
                lateAnnounced,
                now.plus(pause(count, interval)));
    }

    CanaryState withLateAnnounced() {
        return new CanaryState(account, mail, announcedAt, took, misses, miss, true, nextAt);
    }

    /**
     * The pause doubles with each miss from {@value #LATE} on, so that the mailbox does not fill.
     */
    private static Duration pause(int misses, Duration interval) {
        if (misses < LATE) {
            return interval;
        }
        Duration longest = interval.compareTo(MAX_PAUSE) > 0 ? interval : MAX_PAUSE;
        Duration doubled = interval.multipliedBy(1L << Math.min(misses - LATE + 1, 12));
        return doubled.compareTo(longest) < 0 ? doubled : longest;
    }
}
