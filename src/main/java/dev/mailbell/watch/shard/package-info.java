/**
 * The accounts under watch: those of the shards that this node holds, which are read when it takes
 * a shard and end when it releases one. It calls an account under watch and the tables; begin with
 * {@link dev.mailbell.watch.shard.WatchedAccounts}.
 */
@NullMarked
package dev.mailbell.watch.shard;

import org.jspecify.annotations.NullMarked;
