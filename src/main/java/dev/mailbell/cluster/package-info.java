/**
 * The nodes that share a database, and which of them owns which accounts: heartbeats, shards, and
 * the fence of what a node may do. That shards are lost is noticed by {@code Heartbeats}, when the
 * node's row is gone, and by {@code ShardLoop}, when another node has the shard. It calls {@code
 * ownership}, the database and the network's deadlines; start reading at {@link
 * dev.mailbell.cluster.Membership}, then {@link dev.mailbell.cluster.ShardLoop}.
 */
@NullMarked
package dev.mailbell.cluster;

import org.jspecify.annotations.NullMarked;
