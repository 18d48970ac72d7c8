/**
 * The routes of accounts: list, read, change, remove, consent, mailboxes and positions. {@code
 * bulk} and {@code check} have other routes; {@code registration} reads what is registered. It
 * calls the table of accounts and {@code watch}; start reading at {@link
 * dev.mailbell.api.account.AccountRoutes}.
 */
@NullMarked
package dev.mailbell.api.account;

import org.jspecify.annotations.NullMarked;
