/**
 * The errors of the API: RFC 9457 problems and the faults of single fields. It calls nothing but
 * the failure codes of {@code mail}; start reading at {@link dev.mailbell.api.problem.Problem}.
 */
@NullMarked
package dev.mailbell.api.problem;

import org.jspecify.annotations.NullMarked;
