/**
 * From the greeting of a POP3 server to the transaction state. It calls {@code protocol} and the
 * SASL mechanisms of {@code mail.auth}; begin with {@link dev.mailbell.mail.pop3.login.Pop3Login}.
 */
@NullMarked
package dev.mailbell.mail.pop3.login;

import org.jspecify.annotations.NullMarked;
