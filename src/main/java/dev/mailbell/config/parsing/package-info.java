/**
 * The YAML file and the environment, read section by section with the line of each fault. It calls
 * nothing of Mailbell; start reading at {@link dev.mailbell.config.parsing.ConfigurationSection}.
 */
@NullMarked
package dev.mailbell.config.parsing;

import org.jspecify.annotations.NullMarked;
