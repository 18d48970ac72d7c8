/** Webhooks: what is owed to them, and bringing it there in order, at least once. */
@NullMarked
package dev.mailbell.delivery;

import org.jspecify.annotations.NullMarked;
