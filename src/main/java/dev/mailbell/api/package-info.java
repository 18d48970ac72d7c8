/**
 * The HTTP API: puts the routes of its sub-packages together, from start to stop. It reaches mail
 * servers through {@code watch} and webhooks through {@code delivery}; begin with {@link
 * dev.mailbell.api.Api}.
 */
@NullMarked
package dev.mailbell.api;

import org.jspecify.annotations.NullMarked;
