/** {@code mailbell bench compare}: other programs against the same scripted servers. */
@NullMarked
package dev.mailbell.bench.compare;

import org.jspecify.annotations.NullMarked;
