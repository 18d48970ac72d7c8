/**
 * How a check begins, by timer or push, and how it runs: its session, what it observes, and what is
 * recorded of its outcome. It calls all sub-packages of {@code watch} except {@code shard}, the
 * mail clients and the outbox of deliveries; start reading at {@link
 * dev.mailbell.watch.check.Scheduler} and {@link dev.mailbell.watch.check.CheckExecutor}.
 */
@NullMarked
package dev.mailbell.watch.check;

import org.jspecify.annotations.NullMarked;
