/**
 * Finds the mail server of an address by provider table, DNS and autoconfig files. It calls the
 * guarded HTTP client of {@code network}; begin with {@link dev.mailbell.mail.discovery.Discovery}.
 */
@NullMarked
package dev.mailbell.mail.discovery;

import org.jspecify.annotations.NullMarked;
