/**
 * The commands that talk to mail servers without a daemon: probe, send and recv. It calls {@code
 * mail}; start reading at {@link dev.mailbell.cli.mail.ProbeCommand}.
 */
@NullMarked
package dev.mailbell.cli.mail;

import org.jspecify.annotations.NullMarked;
