/**
 * Hosts, deadlines and clocks, which every connection uses. It calls nothing of Mailbell but the
 * configuration; begin with {@link dev.mailbell.network.Host} and {@link
 * dev.mailbell.network.Deadline}.
 */
@NullMarked
package dev.mailbell.network;

import org.jspecify.annotations.NullMarked;
