/**
 * Clients, the tenants that own accounts and webhooks, and their table. Start reading at {@link
 * dev.mailbell.client.ClientStore}.
 */
@NullMarked
package dev.mailbell.client;

import org.jspecify.annotations.NullMarked;
