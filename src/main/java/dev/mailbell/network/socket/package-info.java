/**
 * TCP connections to allowed addresses, direct or through the operator's proxy. It calls {@code
 * address}; begin with {@link dev.mailbell.network.socket.GuardedSockets}.
 */
@NullMarked
package dev.mailbell.network.socket;

import org.jspecify.annotations.NullMarked;
