/**
 * Reads and validates requests: JSON, fields, query parameters and paging. It knows no resource;
 * start reading at {@link dev.mailbell.api.request.Fields}.
 */
@NullMarked
package dev.mailbell.api.request;

import org.jspecify.annotations.NullMarked;
