/**
 * The routes that check an account now, trace a check and list past ones. It calls {@code
 * api.account} and {@code watch}; start reading at {@link
 * dev.mailbell.api.account.check.CheckRoutes}.
 */
@NullMarked
package dev.mailbell.api.account.check;

import org.jspecify.annotations.NullMarked;
