/**
 * The computation of new messages: marks, observations and the changes that follow from them. It is
 * pure, without I/O and clock, and imports nothing of Mailbell; begin with {@link
 * dev.mailbell.detection.MailboxState}.
 */
@NullMarked
package dev.mailbell.detection;

import org.jspecify.annotations.NullMarked;
