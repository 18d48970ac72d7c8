package dev.mailbell.watch.account;

import java.time.Duration;

/**
 * The schedule at one moment.
 *
 * @param scheduled accounts that have a timer
 * @param oldestDue for how long the oldest check that has not ended has been due
 * @param stuck the same, but a check that waits for its mail host counts only from when that host's
 *     queue last moved
 */
public record ScheduleStatus(int scheduled, Duration oldestDue, Duration stuck) {}
