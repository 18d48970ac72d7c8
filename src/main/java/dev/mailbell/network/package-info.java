/** The way out of the process: deadlines, the address guard, sockets and TLS. */
@NullMarked
package dev.mailbell.network;

import org.jspecify.annotations.NullMarked;
