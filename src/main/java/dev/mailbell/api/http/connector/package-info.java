/**
 * What Jetty does before a request reaches a route: the listening sockets with TLS, limits of
 * connections and headers, errors of the connection. It calls no route; start reading at {@link
 * dev.mailbell.api.http.connector.Listeners}.
 */
@NullMarked
package dev.mailbell.api.http.connector;

import org.jspecify.annotations.NullMarked;
