/**
 * The signed POST to a webhook and the result of it. It calls the guarded HTTP client; begin with
 * {@link dev.mailbell.delivery.http.WebhookClient}.
 */
@NullMarked
package dev.mailbell.delivery.http;

import org.jspecify.annotations.NullMarked;
