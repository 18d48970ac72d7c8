/**
 * The pages of accounts: the list with its search, one account with all that is known of it, its
 * actions, and a check with its dialogue. Begin with {@link dev.mailbell.ui.account.AccountPages}.
 */
@NullMarked
package dev.mailbell.ui.account;

import org.jspecify.annotations.NullMarked;
