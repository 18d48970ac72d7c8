/** A real Dovecot (2.3) for tests of both protocols. */
@NullMarked
package dev.mailbell.mail.dovecot;

import org.jspecify.annotations.NullMarked;
