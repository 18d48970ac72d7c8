/**
 * IMAP: looks through {@code EXAMINE}, {@code STATUS} and {@code UID SEARCH} that count exactly,
 * whatever a server leaves out.
 */
@NullMarked
package dev.mailbell.mail.imap;

import org.jspecify.annotations.NullMarked;
