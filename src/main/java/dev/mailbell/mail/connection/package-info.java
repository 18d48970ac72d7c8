/**
 * Connections to mail servers with limits on time and octets, through the guard of addresses. It
 * calls the network; begin with {@link dev.mailbell.mail.connection.MailConnector}.
 */
@NullMarked
package dev.mailbell.mail.connection;

import org.jspecify.annotations.NullMarked;
