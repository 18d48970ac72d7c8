package dev.mailbell.mail;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A mailbox could not be read. The message is shown to the account's owner: it says what happened
 * and what to do, and contains no secret and no address that a public name resolved to.
 */
public class MailFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final FailureCode code;
    private final String reason;
    private final @Nullable Duration retryAfter;

    public MailFailure(FailureCode code, String message) {
        this(code, message, null, null);
    }

    public MailFailure(FailureCode code, String message, @Nullable Throwable cause) {
        this(code, message, null, cause);
    }

    /**
     * @param retryAfter the shortest wait that the server asked for; null for none
     */
    public MailFailure(
            FailureCode code,
            String message,
            @Nullable Duration retryAfter,
            @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.reason = message;
        this.retryAfter = retryAfter;
    }

    public FailureCode code() {
        return code;
    }

    /** Whether the failure indicates a problem of the mail host and not only of the account. */
    public boolean isOfHost() {
        return code.isOfHost();
    }

    /** Whether no answer came in time. */
    public boolean isSilence() {
        return code == FailureCode.TIMEOUT;
    }

    /** What happened and what to do, for the account's owner; the exception's message. */
    public String reason() {
        return reason;
    }

    /** The shortest wait that the server asked for; empty for none. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** The same failure with another message and without the cause, which may quote this one. */
    public MailFailure withReason(String message) {
        return new MailFailure(code, message, retryAfter, null);
    }
}
