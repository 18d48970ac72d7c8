/**
 * From the greeting of an IMAP server to the authenticated state. It calls {@code protocol} and the
 * SASL mechanisms of {@code mail.auth}; begin with {@link dev.mailbell.mail.imap.login.ImapLogin}.
 */
@NullMarked
package dev.mailbell.mail.imap.login;

import org.jspecify.annotations.NullMarked;
