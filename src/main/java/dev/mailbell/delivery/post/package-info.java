/**
 * One attempt of a delivery: the POST with its decrypted secret. It calls {@code delivery.http} and
 * {@code secret}, and uses records of {@code log}, {@code outbox} and {@code webhook}; start
 * reading at {@link dev.mailbell.delivery.post.AttemptExecutor}.
 */
@NullMarked
package dev.mailbell.delivery.post;

import org.jspecify.annotations.NullMarked;
