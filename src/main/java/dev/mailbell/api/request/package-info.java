/**
 * Reading requests: JSON, query parameters, paging, and the problem documents of what is wrong with
 * them. It knows no resource; begin with {@link dev.mailbell.api.request.Fields}.
 */
@NullMarked
package dev.mailbell.api.request;

import org.jspecify.annotations.NullMarked;
