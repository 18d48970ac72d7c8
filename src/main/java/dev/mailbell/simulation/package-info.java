/**
 * Simulates random histories of a maildrop and compares methods of counting; see docs/detection.md.
 * It calls {@code mail} and {@code detection}; begin with {@link
 * dev.mailbell.simulation.Simulation}.
 */
@NullMarked
package dev.mailbell.simulation;

import org.jspecify.annotations.NullMarked;
