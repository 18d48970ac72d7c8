/**
 * The multiset of messages that checks of a POP3 maildrop have seen, as compact arrays. It is pure
 * and is called by {@code detection} and by the POP3 client; begin with {@link
 * dev.mailbell.detection.messages.KnownMessages}.
 */
@NullMarked
package dev.mailbell.detection.messages;

import org.jspecify.annotations.NullMarked;
