/**
 * Which shards this node owns, and the condition that a write to their rows has. It calls no table
 * of nodes; start reading at {@link dev.mailbell.cluster.ownership.Ownership}.
 */
@NullMarked
package dev.mailbell.cluster.ownership;

import org.jspecify.annotations.NullMarked;
