/**
 * Mail sessions as the rest of Mailbell sees them: logins, checks, push, failures and the proofs a
 * check rests on. It knows detection and the network, and no table; begin with {@link
 * dev.mailbell.mail.MailSession}.
 */
@NullMarked
package dev.mailbell.mail;

import org.jspecify.annotations.NullMarked;
