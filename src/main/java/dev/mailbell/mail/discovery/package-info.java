/** Finds the mail server of an address whose owner did not name one. */
@NullMarked
package dev.mailbell.mail.discovery;

import org.jspecify.annotations.NullMarked;
