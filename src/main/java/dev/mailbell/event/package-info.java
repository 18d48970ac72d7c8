/**
 * Events: their payloads, their table, and the feed in the order of their commits; and how the
 * canary is, which an event announces. It calls the database and the records of {@code account},
 * {@code detection} and {@code mail}; start reading at {@link dev.mailbell.event.Event} and {@link
 * dev.mailbell.event.EventStore}.
 */
@NullMarked
package dev.mailbell.event;

import org.jspecify.annotations.NullMarked;
