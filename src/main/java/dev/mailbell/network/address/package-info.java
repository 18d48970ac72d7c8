/**
 * The addresses to which Mailbell may connect, and the lookup of names. Every connect asks it
 * first; begin with {@link dev.mailbell.network.address.AddressGuard}.
 */
@NullMarked
package dev.mailbell.network.address;

import org.jspecify.annotations.NullMarked;
