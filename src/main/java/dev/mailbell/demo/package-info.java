/**
 * The demo: a mail server, a webhook receiver and the daemon itself in one process, for a first
 * look.
 */
@NullMarked
package dev.mailbell.demo;

import org.jspecify.annotations.NullMarked;
