/**
 * The routes of accounts: register, read, change, remove, check, verify, mailboxes and positions.
 * It calls the table of accounts and {@code watch}; start reading at {@link
 * dev.mailbell.api.account.AccountRoutes}.
 */
@NullMarked
package dev.mailbell.api.account;

import org.jspecify.annotations.NullMarked;
