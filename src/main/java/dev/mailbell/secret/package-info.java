/** Encryption of what must not be read in the database: mail passwords, tokens, webhook secrets. */
@NullMarked
package dev.mailbell.secret;

import org.jspecify.annotations.NullMarked;
