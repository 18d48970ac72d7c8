@NullMarked
package dev.mailbell.cli;

import org.jspecify.annotations.NullMarked;
