/**
 * What makes several nodes one: commands to an account go to the node that owns it, and changes
 * that any node makes reach all nodes. It may call the watch, delivery, the records and the
 * cluster; start reading at {@link dev.mailbell.routing.RoutedWatch} and {@link
 * dev.mailbell.routing.ChangeNotices}.
 */
@NullMarked
package dev.mailbell.routing;

import org.jspecify.annotations.NullMarked;
