/**
 * What a check reads from the database and writes to it: credentials, marks with their events, and
 * the times of checks. It calls the tables of accounts and the outbox of deliveries; begin with
 * {@link dev.mailbell.watch.record.ChangeRecorder}.
 */
@NullMarked
package dev.mailbell.watch.record;

import org.jspecify.annotations.NullMarked;
