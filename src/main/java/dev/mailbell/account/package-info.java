/**
 * Accounts and their mailboxes, as records and as rows. It calls the database, {@code detection}
 * and the records of {@code mail}; start reading at {@link dev.mailbell.account.Account} and {@link
 * dev.mailbell.account.AccountStore}.
 */
@NullMarked
package dev.mailbell.account;

import org.jspecify.annotations.NullMarked;
