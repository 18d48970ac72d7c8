/**
 * Random histories of a maildrop, and how well ways of counting follow them; see docs/detection.md.
 */
@NullMarked
package dev.mailbell.simulation;

import org.jspecify.annotations.NullMarked;
