/**
 * The commands about webhooks and their deliveries at a running daemon. It calls {@code cli.api}
 * and {@code cli.terminal}; start reading at {@link dev.mailbell.cli.webhook.WebhooksCommand}.
 */
@NullMarked
package dev.mailbell.cli.webhook;

import org.jspecify.annotations.NullMarked;
