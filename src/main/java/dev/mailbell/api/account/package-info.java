/**
 * Accounts as resources: register, read, change, remove, check, verify, positions. It calls the
 * table of accounts and {@code watch}; begin with {@link dev.mailbell.api.account.AccountRoutes}.
 */
@NullMarked
package dev.mailbell.api.account;

import org.jspecify.annotations.NullMarked;
