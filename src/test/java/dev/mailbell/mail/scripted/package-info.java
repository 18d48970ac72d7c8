/**
 * Mail servers on loopback that play transcripts or misbehave, for tests of what a correct server
 * never does.
 */
@NullMarked
package dev.mailbell.mail.scripted;

import org.jspecify.annotations.NullMarked;
