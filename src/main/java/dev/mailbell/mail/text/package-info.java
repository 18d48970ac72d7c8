/**
 * Text from mail servers and messages: charsets, encoded words, mailbox names. It calls nothing of
 * Mailbell; begin with {@link dev.mailbell.mail.text.HeaderText}.
 */
@NullMarked
package dev.mailbell.mail.text;

import org.jspecify.annotations.NullMarked;
