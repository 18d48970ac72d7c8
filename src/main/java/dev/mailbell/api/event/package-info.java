/**
 * The routes of the event feed, as pages and as Server-Sent Events. It calls the table of events;
 * start reading at {@link dev.mailbell.api.event.EventRoutes}.
 */
@NullMarked
package dev.mailbell.api.event;

import org.jspecify.annotations.NullMarked;
