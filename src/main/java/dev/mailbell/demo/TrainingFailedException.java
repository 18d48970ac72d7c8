package dev.mailbell.demo;

import org.jspecify.annotations.Nullable;

/** The trained daemon did not do its work; the message says what was missing. */
public final class TrainingFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    TrainingFailedException(String message) {
        super(message);
    }

    TrainingFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
