/**
 * The commands about events at a running daemon, and the stream that goes on over cuts. It calls
 * {@code cli.api} and {@code cli.terminal}; start reading at {@link
 * dev.mailbell.cli.event.EventsCommand}.
 */
@NullMarked
package dev.mailbell.cli.event;

import org.jspecify.annotations.NullMarked;
