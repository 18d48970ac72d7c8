/**
 * Events: their payloads, their table and the feed in the order of their commits. It calls the
 * database and the records of accounts; begin with {@link dev.mailbell.event.EventStore}.
 */
@NullMarked
package dev.mailbell.event;

import org.jspecify.annotations.NullMarked;
