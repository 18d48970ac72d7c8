/**
 * The heart: what is known of a mailbox, what one look saw, and the difference. Pure values and
 * functions; no I/O, no clock, nothing of the other rooms.
 */
@NullMarked
package dev.mailbell.mark;

import org.jspecify.annotations.NullMarked;
