/** The daemon's composition root; every room below it has a package of its own. */
@NullMarked
package dev.mailbell;

import org.jspecify.annotations.NullMarked;
