/** Real mail servers of several makes on loopback, for the same tests with each. */
@NullMarked
package dev.mailbell.mail.servers;

import org.jspecify.annotations.NullMarked;
