/**
 * The page that shows events as they happen. It calls the feed of the API; start reading at {@link
 * dev.mailbell.ui.event.EventPages}.
 */
@NullMarked
package dev.mailbell.ui.event;

import org.jspecify.annotations.NullMarked;
