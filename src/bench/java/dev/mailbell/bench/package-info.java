/** {@code mailbell bench}: what Mailbell can do, measured from outside. */
@NullMarked
package dev.mailbell.bench;

import org.jspecify.annotations.NullMarked;
