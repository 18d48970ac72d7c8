package dev.mailbell.cluster;

/**
 * What a node has counted since its start.
 *
 * @param takeovers shards that it took over from dead nodes
 * @param fencedWrites writes that were refused, because another node may own their shard
 */
public record NodeCounts(long takeovers, long fencedWrites) {}
