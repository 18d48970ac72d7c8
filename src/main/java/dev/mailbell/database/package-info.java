/**
 * The way to PostgreSQL: the pool, the migrations, and the server of our own that runs when none is
 * configured.
 */
@NullMarked
package dev.mailbell.database;

import org.jspecify.annotations.NullMarked;
