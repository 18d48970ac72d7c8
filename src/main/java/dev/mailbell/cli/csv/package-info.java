/**
 * The import of accounts from a CSV file: its rows become documents of the API, which takes them in
 * batches. It calls {@code cli.api} and {@code cli.terminal}; start reading at {@link
 * dev.mailbell.cli.csv.ImportOptions}.
 */
@NullMarked
package dev.mailbell.cli.csv;

import org.jspecify.annotations.NullMarked;
