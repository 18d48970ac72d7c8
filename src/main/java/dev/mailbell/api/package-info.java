/**
 * The HTTP API: assembles the routes of its sub-packages. It reaches mail servers through {@code
 * watch} and webhooks through {@code delivery}; start reading at {@link dev.mailbell.api.Api}.
 */
@NullMarked
package dev.mailbell.api;

import org.jspecify.annotations.NullMarked;
