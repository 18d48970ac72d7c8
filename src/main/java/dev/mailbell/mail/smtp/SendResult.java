package dev.mailbell.mail.smtp;

import java.util.List;

/**
 * A message that the server has accepted, for at least one of its recipients.
 *
 * @param messageId the header Message-ID with its angle brackets
 * @param octets the size of the message
 * @param recipients in the order of the message
 * @param answer the server's answer to the message on one line, without secrets
 */
public record SendResult(
        String messageId, long octets, List<RecipientAnswer> recipients, String answer) {
    public SendResult {
        recipients = List.copyOf(recipients);
    }

    /** Whether the server takes the message for all recipients. */
    public boolean isComplete() {
        return recipients.stream().allMatch(RecipientAnswer::accepted);
    }
}
