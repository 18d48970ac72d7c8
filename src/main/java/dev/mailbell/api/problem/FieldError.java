package dev.mailbell.api.problem;

/**
 * An error in one field of a request.
 *
 * @param field the path of the field, for example {@code mail.port} or {@code mailboxes[3]}
 * @param message what is wrong and what would be right; never the value of a secret
 */
public record FieldError(String field, String message) {}
