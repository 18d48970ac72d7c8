/**
 * The health of the endpoint behind each webhook: its circuit breaker, its pauses, and how many
 * POSTs it gets at once. It keeps its state in memory and uses records of {@code webhook}, {@code
 * outbox} and {@code log}; start reading at {@link dev.mailbell.delivery.endpoint.EndpointHealth}.
 */
@NullMarked
package dev.mailbell.delivery.endpoint;

import org.jspecify.annotations.NullMarked;
