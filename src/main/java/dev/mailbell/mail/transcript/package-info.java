/**
 * The dialogue with a mail server, written down for people without secrets and messages. It calls
 * {@code mail.text}; begin with {@link dev.mailbell.mail.transcript.Transcript}.
 */
@NullMarked
package dev.mailbell.mail.transcript;

import org.jspecify.annotations.NullMarked;
