/**
 * When an account is checked next: the polling policy, back-off, what earlier checks found, and the
 * budgets of hints and events. It keeps times in memory and calls no server and no table; begin
 * with {@link dev.mailbell.watch.schedule.NextCheck}.
 */
@NullMarked
package dev.mailbell.watch.schedule;

import org.jspecify.annotations.NullMarked;
