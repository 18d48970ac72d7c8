/**
 * Backups of the database as one file, and how they are restored. It calls the database alone;
 * start reading at {@link dev.mailbell.backup.Backup}.
 */
@NullMarked
package dev.mailbell.backup;

import org.jspecify.annotations.NullMarked;
