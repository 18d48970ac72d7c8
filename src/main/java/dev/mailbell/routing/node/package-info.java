/**
 * Requests from node to node: the command, its sealed message, the connection, the reply. It calls
 * {@code cluster} for the addresses of nodes; start reading at {@link
 * dev.mailbell.routing.node.NodeClient} and {@link dev.mailbell.routing.node.Command}.
 */
@NullMarked
package dev.mailbell.routing.node;

import org.jspecify.annotations.NullMarked;
