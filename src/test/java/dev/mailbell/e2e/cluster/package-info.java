/**
 * Several nodes on one PostgreSQL: real processes, and what the mail server, the receiver and the
 * database saw of them. Start reading at {@code Cluster}.
 */
@NullMarked
package dev.mailbell.e2e.cluster;

import org.jspecify.annotations.NullMarked;
