/**
 * The commands of {@code bin/mailbell}. It may call every other package; start reading at {@link
 * dev.mailbell.cli.Main}.
 */
@NullMarked
package dev.mailbell.cli;

import org.jspecify.annotations.NullMarked;
