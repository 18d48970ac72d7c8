/** Accounts and their mailboxes, as records and rows. */
@NullMarked
package dev.mailbell.account;

import org.jspecify.annotations.NullMarked;
