package dev.mailbell.watch.schedule;

import dev.mailbell.mail.MailFailure;
import java.time.Duration;
import java.time.Instant;

/** What happened to an account; with its {@link ScheduleState} it decides the next check. */
public sealed interface CheckOutcome {

    /** Outcomes that carry no further facts. */
    enum Signal implements CheckOutcome {
        /**
         * A check is wanted now: the account was registered, changed or resumed, its mail host
         * answers again, a push session can begin, or a check that was due could not begin.
         */
        WANTED,
        /** A check was recorded. */
        SUCCEEDED,
        /**
         * A check did not run to its end because of this node: no permit was free, the account or
         * the position was refused, or the database is away.
         */
        NOT_RUN,
        /** A check was made and could not be recorded because of a fault of this program. */
        NOT_RECORDED,
        /** A check was due while the database is away. */
        DATABASE_AWAY,
        /** No thread could be started, or push ended because the database is away. */
        NOT_BEGUN,
        /** The session waits for push until the safety check. */
        PUSH_BEGUN,
        /** The session is open and waits for push no more: the account is polled. */
        PUSH_ENDED
    }

    /** All accounts were read at the start of the node. */
    record Started(Duration turn, Instant now) implements CheckOutcome {}

    /** A check failed. */
    record Failed(MailFailure failure) implements CheckOutcome {}

    /** A check failed on a session that had waited for push. */
    record FailedPushed(MailFailure failure) implements CheckOutcome {}

    /** A kept connection was lost during a check. */
    record ConnectionLost(MailFailure failure) implements CheckOutcome {}

    /** A connection was lost while it waited for push. */
    record PushLost(MailFailure failure) implements CheckOutcome {}

    /**
     * The server gave a hint of new mail that must wait.
     *
     * @param delay how long it must wait
     */
    record HintDeferred(Duration delay) implements CheckOutcome {}

    /**
     * The configuration has changed.
     *
     * @param sinceEnded how long ago the last check ended
     */
    record Reconfigured(Duration sinceEnded) implements CheckOutcome {}
}
