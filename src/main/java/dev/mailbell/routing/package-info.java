/**
 * What makes several nodes one: commands to an account go to the node that owns it. It may call the
 * watch, delivery, the records and the cluster; start reading at {@link
 * dev.mailbell.routing.RoutedWatch}.
 */
@NullMarked
package dev.mailbell.routing;

import org.jspecify.annotations.NullMarked;
