package dev.mailbell.oauth;

/** Accounts use an app that is to be removed, or whose destinations are to be changed. */
public final class AppInUseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    AppInUseException(String message) {
        super(message);
    }
}
