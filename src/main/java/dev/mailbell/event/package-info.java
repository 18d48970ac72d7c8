/** Events: durable facts, in the order in which they were committed. */
@NullMarked
package dev.mailbell.event;

import org.jspecify.annotations.NullMarked;
