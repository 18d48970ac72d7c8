/**
 * Accounts of EmailEngine become accounts of Mailbell: the command, which reads an export, converts
 * each account, and sends it to a daemon or writes it into a file for the import of a client. It
 * calls {@code cli.api} and {@code cli.terminal}; start reading at {@link
 * dev.mailbell.cli.emailengine.Conversion}.
 */
@NullMarked
package dev.mailbell.cli.emailengine;

import org.jspecify.annotations.NullMarked;
