/**
 * The daemon's composition root, its metrics and its housekeeping. It may call every other package;
 * start reading at {@link dev.mailbell.Daemon}.
 */
@NullMarked
package dev.mailbell;

import org.jspecify.annotations.NullMarked;
