/**
 * Sessions that observe mailboxes: one interface, two protocols; failures classified; sockets with
 * limits.
 */
@NullMarked
package dev.mailbell.mail;

import org.jspecify.annotations.NullMarked;
