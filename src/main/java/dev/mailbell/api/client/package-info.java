/**
 * The routes of clients, of their keys, and of the audit log. It knows nothing of accounts and
 * webhooks; start reading at {@link dev.mailbell.api.client.ClientRoutes}.
 */
@NullMarked
package dev.mailbell.api.client;

import org.jspecify.annotations.NullMarked;
