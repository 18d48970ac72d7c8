/**
 * The PostgreSQL server that Mailbell starts itself when the configuration names none. It calls
 * {@code database} and the operating system; begin with {@link
 * dev.mailbell.embedded.EmbeddedPostgres}.
 */
@NullMarked
package dev.mailbell.embedded;

import org.jspecify.annotations.NullMarked;
