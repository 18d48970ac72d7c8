/**
 * The list of all commands of {@code bin/mailbell}, and those for trying Mailbell out. It may call
 * every other package; start reading at {@link dev.mailbell.cli.Main}.
 */
@NullMarked
package dev.mailbell.cli;

import org.jspecify.annotations.NullMarked;
