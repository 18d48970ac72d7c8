/**
 * Which addresses may be spoken to, and the lookup of names. It is asked before every connection;
 * begin with {@link dev.mailbell.network.address.AddressGuard}.
 */
@NullMarked
package dev.mailbell.network.address;

import org.jspecify.annotations.NullMarked;
