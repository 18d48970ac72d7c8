/**
 * What commands share that call the API of a running daemon: the options, the HTTP client, failures
 * with their exit codes, and the output of documents. It calls {@code cli.terminal} and {@code
 * config}; start reading at {@link dev.mailbell.cli.api.ApiOptions}.
 */
@NullMarked
package dev.mailbell.cli.api;

import org.jspecify.annotations.NullMarked;
