/**
 * Checks of POP3 maildrops (RFC 1939): how new messages are proven with few octets. It calls its
 * sub-packages and detection; begin with {@link dev.mailbell.mail.pop3.Pop3Check}.
 */
@NullMarked
package dev.mailbell.mail.pop3;

import org.jspecify.annotations.NullMarked;
