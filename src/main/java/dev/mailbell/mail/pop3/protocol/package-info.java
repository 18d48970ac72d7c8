/**
 * POP3 commands and replies on the wire: bounded reading, pipelining, refusals. It calls the
 * connection only; begin with {@link dev.mailbell.mail.pop3.protocol.Pop3Wire}.
 */
@NullMarked
package dev.mailbell.mail.pop3.protocol;

import org.jspecify.annotations.NullMarked;
