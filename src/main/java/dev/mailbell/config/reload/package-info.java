/**
 * The configuration in effect, and its reload when the file changes. It calls {@code config}; start
 * reading at {@link dev.mailbell.config.reload.LiveConfiguration}.
 */
@NullMarked
package dev.mailbell.config.reload;

import org.jspecify.annotations.NullMarked;
