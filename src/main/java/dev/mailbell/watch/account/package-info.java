/**
 * An account under watch: its session, its status and the timer of its next check, which {@link
 * dev.mailbell.watch.account.CheckSchedule} alone sets. It calls the schedule, the mail hosts and
 * admission; begin with {@link dev.mailbell.watch.account.WatchedAccount}.
 */
@NullMarked
package dev.mailbell.watch.account;

import org.jspecify.annotations.NullMarked;
