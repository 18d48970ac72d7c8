/**
 * The operator's configuration: one YAML file and the environment, read into records. One reading
 * reports every fault; start reading at {@link dev.mailbell.config.ConfigurationLoader}.
 */
@NullMarked
package dev.mailbell.config;

import org.jspecify.annotations.NullMarked;
