/**
 * The command that runs the daemon, and the checks before its start. It calls the daemon and {@code
 * config}; start reading at {@link dev.mailbell.cli.serve.ServeCommand}.
 */
@NullMarked
package dev.mailbell.cli.serve;

import org.jspecify.annotations.NullMarked;
