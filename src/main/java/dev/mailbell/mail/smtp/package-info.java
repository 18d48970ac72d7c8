/**
 * Sends messages by SMTP. It calls {@code connection} for sockets and {@code auth} for logins;
 * start reading at {@link dev.mailbell.mail.smtp.SmtpClient}.
 */
@NullMarked
package dev.mailbell.mail.smtp;

import org.jspecify.annotations.NullMarked;
