/**
 * An HTTP client for hosts that clients name: guarded addresses, bounded answers, no redirects. It
 * calls {@code socket}, {@code tls} and {@code address}; begin with {@link
 * dev.mailbell.network.http.GuardedHttp}.
 */
@NullMarked
package dev.mailbell.network.http;

import org.jspecify.annotations.NullMarked;
