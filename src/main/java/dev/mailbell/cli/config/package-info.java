/**
 * The options by which commands on this machine find the configuration and the database. It calls
 * {@code config} and {@code cli.api}; start reading at {@link
 * dev.mailbell.cli.config.ConfigOption}.
 */
@NullMarked
package dev.mailbell.cli.config;

import org.jspecify.annotations.NullMarked;
