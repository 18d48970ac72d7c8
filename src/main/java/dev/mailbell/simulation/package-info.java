/**
 * Random histories of a POP3 maildrop, and how well ways of counting follow them; see
 * docs/detection.md.
 */
@NullMarked
package dev.mailbell.simulation;

import org.jspecify.annotations.NullMarked;
