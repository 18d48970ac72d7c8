/**
 * Finds out what a mail server can do, without a daemon: it connects, logs in and checks as the
 * daemon does. It calls {@code imap}, {@code pop3} and {@code log}; start reading at {@link
 * dev.mailbell.mail.probe.Probe}.
 */
@NullMarked
package dev.mailbell.mail.probe;

import org.jspecify.annotations.NullMarked;
