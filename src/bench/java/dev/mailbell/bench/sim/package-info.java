/** The scripted mail servers and the webhook receiver that a benchmark plays against. */
@NullMarked
package dev.mailbell.bench.sim;

import org.jspecify.annotations.NullMarked;
