/**
 * The demo: a mail server, a webhook receiver and the daemon in one process. Start reading at
 * {@link dev.mailbell.demo.Demo}.
 */
@NullMarked
package dev.mailbell.demo;

import org.jspecify.annotations.NullMarked;
