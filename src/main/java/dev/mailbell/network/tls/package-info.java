/**
 * TLS to servers: trust, certificates, sessions. It calls the JDK only; begin with {@link
 * dev.mailbell.network.tls.TlsContexts}.
 */
@NullMarked
package dev.mailbell.network.tls;

import org.jspecify.annotations.NullMarked;
