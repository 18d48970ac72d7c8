/**
 * Checks of IMAP mailboxes (RFC 3501, RFC 9051): how new messages are proven, and push by IDLE and
 * NOTIFY. It calls its sub-packages and detection; begin with {@link
 * dev.mailbell.mail.imap.ImapCheck}.
 */
@NullMarked
package dev.mailbell.mail.imap;

import org.jspecify.annotations.NullMarked;
