/**
 * What was said over connections to mail servers, fit to be shown: without secrets and control
 * characters, and of limited length. It calls {@code text}; start reading at {@link
 * dev.mailbell.mail.log.ProtocolLog}.
 */
@NullMarked
package dev.mailbell.mail.log;

import org.jspecify.annotations.NullMarked;
