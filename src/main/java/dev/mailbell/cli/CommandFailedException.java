package dev.mailbell.cli;

import org.jspecify.annotations.Nullable;

/** A command failed; the message says what to do. */
final class CommandFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CommandFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
