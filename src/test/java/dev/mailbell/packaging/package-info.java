/** What is installed: packages, the unit, the image's surroundings, manifests. */
@NullMarked
package dev.mailbell.packaging;

import org.jspecify.annotations.NullMarked;
