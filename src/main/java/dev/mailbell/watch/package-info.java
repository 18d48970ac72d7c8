/** When to look, looking, and recording what was seen. */
@NullMarked
package dev.mailbell.watch;

import org.jspecify.annotations.NullMarked;
