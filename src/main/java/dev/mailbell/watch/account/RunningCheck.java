package dev.mailbell.watch.account;

import dev.mailbell.watch.admission.CheckTrigger;

/**
 * A check at the mail server.
 *
 * @param begun when it began, by the monotonic clock
 */
public record RunningCheck(CheckTrigger trigger, long begun) {}
