/**
 * The feed of events, by pages and as Server-Sent Events. It calls the table of events; begin with
 * {@link dev.mailbell.api.event.EventRoutes}.
 */
@NullMarked
package dev.mailbell.api.event;

import org.jspecify.annotations.NullMarked;
