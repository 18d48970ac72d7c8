/** What TLS costs the client: CPU of a handshake and memory of a connection, by provider. */
@NullMarked
package dev.mailbell.bench.tls;

import org.jspecify.annotations.NullMarked;
