package dev.mailbell.mail;

import org.jspecify.annotations.Nullable;

/**
 * The operator's way out failed before it reached the mail server, which is not to blame: {@code
 * connect_failed}.
 */
public final class EgressFailure extends MailFailure {
    private static final long serialVersionUID = 1L;

    public EgressFailure(String message, @Nullable Throwable cause) {
        super(FailureCode.CONNECT_FAILED, message, cause);
    }

    @Override
    public boolean isOfHost() {
        return false;
    }
}
