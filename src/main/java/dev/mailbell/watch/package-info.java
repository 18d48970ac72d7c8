/**
 * What the rest of Mailbell asks of the accounts under watch: checks on demand, what is known of an
 * account, the event {@code account.stale}. It puts its sub-packages together and calls them; start
 * reading at {@link dev.mailbell.watch.Watch} and {@link dev.mailbell.watch.check.Scheduler}.
 */
@NullMarked
package dev.mailbell.watch;

import org.jspecify.annotations.NullMarked;
