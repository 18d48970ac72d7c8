package dev.mailbell.mail;

import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The operator's way out failed before it reached the mail server, which is not to blame: {@code
 * connect_failed}.
 */
public final class EgressFailure extends MailFailure {
    private static final long serialVersionUID = 1L;

    private final boolean silent;

    public EgressFailure(String message, @Nullable Throwable cause) {
        this(message, cause, hasTimedOut(cause));
    }

    private EgressFailure(String message, @Nullable Throwable cause, boolean silent) {
        super(FailureCode.CONNECT_FAILED, message, cause);
        this.silent = silent;
    }

    private static boolean hasTimedOut(@Nullable Throwable cause) {
        return cause instanceof SocketTimeoutException
                || (cause != null && hasTimedOut(cause.getCause()));
    }

    @Override
    public boolean isOfHost() {
        return false;
    }

    /** Whether the way out, or the mail server behind it, gave no answer in time. */
    @Override
    public boolean isSilence() {
        return silent;
    }

    @Override
    public MailFailure withReason(String message) {
        return new EgressFailure(message, null, silent);
    }
}
