/** The daemon under measurement: a process of its own, driven over its API as any client would. */
@NullMarked
package dev.mailbell.bench.daemon;

import org.jspecify.annotations.NullMarked;
