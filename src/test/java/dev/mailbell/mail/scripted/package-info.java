/** A mail server that plays transcripts, for what no sound server can be made to do. */
@NullMarked
package dev.mailbell.mail.scripted;

import org.jspecify.annotations.NullMarked;
