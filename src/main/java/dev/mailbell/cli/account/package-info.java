/**
 * The commands about accounts at a running daemon, and the import of a CSV file. It calls {@code
 * cli.api} and {@code cli.terminal}; start reading at {@link
 * dev.mailbell.cli.account.AccountsCommand}.
 */
@NullMarked
package dev.mailbell.cli.account;

import org.jspecify.annotations.NullMarked;
