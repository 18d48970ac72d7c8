/**
 * What a node knows of itself: its mail hosts, its rates, and how they were in the last hour, all
 * in memory. It reads snapshots of {@code watch} and the meters of all parts; start reading at
 * {@link dev.mailbell.status.NodeSampler}.
 */
@NullMarked
package dev.mailbell.status;

import org.jspecify.annotations.NullMarked;
