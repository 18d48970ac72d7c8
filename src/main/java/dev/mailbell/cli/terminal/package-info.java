/**
 * What commands print, and where: tables, colours only on a terminal, and no control character of a
 * server's text. It calls nothing of Mailbell; start reading at {@link
 * dev.mailbell.cli.terminal.Environment}.
 */
@NullMarked
package dev.mailbell.cli.terminal;

import org.jspecify.annotations.NullMarked;
