/**
 * The lease, which decides which daemon may check mailboxes and send deliveries of a database. It
 * may call the database; start reading at {@link dev.mailbell.cluster.Lease}.
 */
@NullMarked
package dev.mailbell.cluster;

import org.jspecify.annotations.NullMarked;
