package dev.mailbell.mail.smtp;

/**
 * What the server said about one recipient.
 *
 * @param address as sent in RCPT
 * @param accepted whether the server takes the message for this recipient
 * @param answer the server's answer on one line, without secrets
 */
public record RecipientAnswer(String address, boolean accepted, String answer) {}
