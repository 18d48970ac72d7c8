package dev.mailbell.client;

/** Another client has the name. */
public final class NameTakenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NameTakenException(Throwable cause) {
        super("another client has this name", cause);
    }
}
