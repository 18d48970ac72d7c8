/**
 * The HTTP server: routes, authentication, rate limits, idempotency and answers to errors. It knows
 * no resource; start reading at {@link dev.mailbell.api.http.ApiServer}.
 */
@NullMarked
package dev.mailbell.api.http;

import org.jspecify.annotations.NullMarked;
