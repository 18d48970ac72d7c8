/**
 * A POP3 client for people: it lists and shows messages, saves attachments, and deletes messages
 * when it is asked to. It calls {@code pop3} for the login; start reading at {@link
 * dev.mailbell.mail.maildrop.Maildrop}.
 */
@NullMarked
package dev.mailbell.mail.maildrop;

import org.jspecify.annotations.NullMarked;
