/** The whole daemon against real servers: what its users rely on, and its bad days. */
@NullMarked
package dev.mailbell.e2e;

import org.jspecify.annotations.NullMarked;
