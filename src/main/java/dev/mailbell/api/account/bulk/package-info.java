/**
 * Many accounts in one request: batches, exports and imports. It calls {@code api.account} and its
 * registration; start reading at {@link dev.mailbell.api.account.bulk.BulkRegistration}.
 */
@NullMarked
package dev.mailbell.api.account.bulk;

import org.jspecify.annotations.NullMarked;
