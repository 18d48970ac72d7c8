/**
 * POP3 (RFC 1939) for a client that only looks: pipelined, bounded in every answer, and never
 * sending RETR, DELE or RSET.
 */
@NullMarked
package dev.mailbell.mail.pop3;

import org.jspecify.annotations.NullMarked;
