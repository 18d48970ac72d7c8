/**
 * The accounts under watch: which check runs when, by which session, and what follows from its
 * outcome. It calls its sub-packages, the mail clients and the outbox of deliveries; begin with
 * {@link dev.mailbell.watch.Watch} and {@link dev.mailbell.watch.Scheduler}.
 */
@NullMarked
package dev.mailbell.watch;

import org.jspecify.annotations.NullMarked;
