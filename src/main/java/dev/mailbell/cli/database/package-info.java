/**
 * The commands that work on the database or its backup: clients, API keys, encryption keys, backup,
 * restore, migration. It calls the records, {@code backup} and {@code database}, and {@code
 * cli.api} for the keys of a running daemon; start reading at {@link
 * dev.mailbell.cli.database.ClientTables}.
 */
@NullMarked
package dev.mailbell.cli.database;

import org.jspecify.annotations.NullMarked;
