/**
 * How the latest checks of an account went, in few octets. It calls nothing of the watch but the
 * names of triggers; begin with {@link dev.mailbell.watch.history.CheckHistory}.
 */
@NullMarked
package dev.mailbell.watch.history;

import org.jspecify.annotations.NullMarked;
