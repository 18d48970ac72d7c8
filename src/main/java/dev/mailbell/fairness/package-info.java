/**
 * What clients share without delaying each other: turns in queues and shares of permits, and the
 * client for which a thread works. It calls no other package; start reading at {@link
 * dev.mailbell.fairness.Shares}.
 */
@NullMarked
package dev.mailbell.fairness;

import org.jspecify.annotations.NullMarked;
