/** Clients: the programs that own accounts and webhooks. */
@NullMarked
package dev.mailbell.client;

import org.jspecify.annotations.NullMarked;
