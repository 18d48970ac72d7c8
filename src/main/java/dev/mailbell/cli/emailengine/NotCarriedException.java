package dev.mailbell.cli.emailengine;

/** An account cannot be carried; the message says why and what to do. */
final class NotCarriedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotCarriedException(String message) {
        super(message);
    }
}
