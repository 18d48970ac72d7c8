/**
 * The keys of the operator's configuration, as records. It calls {@code parsing}, which reads the
 * file and reports every fault; start reading at {@link dev.mailbell.config.ConfigurationLoader}.
 */
@NullMarked
package dev.mailbell.config;

import org.jspecify.annotations.NullMarked;
