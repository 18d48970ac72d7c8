/**
 * The HTTP server: routes, authentication, rate limits, idempotency, errors. It knows no resource;
 * begin with {@link dev.mailbell.api.http.ApiServer}.
 */
@NullMarked
package dev.mailbell.api.http;

import org.jspecify.annotations.NullMarked;
