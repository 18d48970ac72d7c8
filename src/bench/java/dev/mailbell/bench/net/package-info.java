/** Sockets of the scripted servers: tens of thousands of sessions on a few threads. */
@NullMarked
package dev.mailbell.bench.net;

import org.jspecify.annotations.NullMarked;
