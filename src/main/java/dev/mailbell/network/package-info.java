/**
 * Hosts, deadlines and clocks, which every connection uses. It calls no other package of Mailbell;
 * start reading at {@link dev.mailbell.network.Host} and {@link dev.mailbell.network.Deadline}.
 */
@NullMarked
package dev.mailbell.network;

import org.jspecify.annotations.NullMarked;
