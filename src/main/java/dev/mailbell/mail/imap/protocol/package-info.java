/**
 * IMAP commands and responses on the wire: bounded reading, parsing, refusals. It wraps the parser
 * of Angus Mail; begin with {@link dev.mailbell.mail.imap.protocol.ImapWire}.
 */
@NullMarked
package dev.mailbell.mail.imap.protocol;

import org.jspecify.annotations.NullMarked;
