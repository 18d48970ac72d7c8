/**
 * The way out of the house: which addresses may be spoken to, checked on the address connected to,
 * and TLS that says plainly what is wrong with a certificate.
 */
@NullMarked
package dev.mailbell.network;

import org.jspecify.annotations.NullMarked;
