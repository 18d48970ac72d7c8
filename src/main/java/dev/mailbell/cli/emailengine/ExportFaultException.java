package dev.mailbell.cli.emailengine;

import org.jspecify.annotations.Nullable;

/** An export cannot be read, or its accounts cannot be sent or written; the message says why. */
public final class ExportFaultException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ExportFaultException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
