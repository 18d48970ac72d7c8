/** The HTTP API: routes by resource, what requests must look like, problem documents. */
@NullMarked
package dev.mailbell.api;

import org.jspecify.annotations.NullMarked;
