/**
 * The operator's configuration: one YAML file and the environment, read into records, every fault
 * told at once.
 */
@NullMarked
package dev.mailbell.config;

import org.jspecify.annotations.NullMarked;
