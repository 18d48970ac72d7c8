/**
 * The health of the endpoint behind each webhook: its circuit breaker, its pauses, and how many
 * POSTs it gets at once. The state is in memory; the package calls no table; begin with {@link
 * dev.mailbell.delivery.endpoint.EndpointHealth}.
 */
@NullMarked
package dev.mailbell.delivery.endpoint;

import org.jspecify.annotations.NullMarked;
