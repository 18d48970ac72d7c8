/**
 * The pool of connections to PostgreSQL, migrations, daily partitions, and the detection of
 * outages. It calls nothing above it; begin with {@link dev.mailbell.database.Database}.
 */
@NullMarked
package dev.mailbell.database;

import org.jspecify.annotations.NullMarked;
