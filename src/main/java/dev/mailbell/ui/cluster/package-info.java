/** The operator's pages about the cluster: mail hosts, nodes, the configuration in effect. */
@NullMarked
package dev.mailbell.ui.cluster;

import org.jspecify.annotations.NullMarked;
