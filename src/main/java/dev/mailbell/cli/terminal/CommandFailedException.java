package dev.mailbell.cli.terminal;

import org.jspecify.annotations.Nullable;

/** A command failed; the message says what to do. */
public final class CommandFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CommandFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
