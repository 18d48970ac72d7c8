/**
 * The command that shows how a cluster is. It calls {@code cli.api} and {@code cli.terminal}; start
 * reading at {@link dev.mailbell.cli.status.StatusCommand}.
 */
@NullMarked
package dev.mailbell.cli.status;

import org.jspecify.annotations.NullMarked;
