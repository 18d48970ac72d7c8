package dev.mailbell.cli.api;

import org.jspecify.annotations.Nullable;

/** A call of the API failed. The message says what to do; the exit code is one of ours. */
public class ApiFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    public ApiFailure(int exitCode, String message) {
        this(exitCode, message, null);
    }

    public ApiFailure(int exitCode, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    public static ApiFailure usage(String message) {
        return new ApiFailure(ExitCodes.USAGE, message);
    }

    public int exitCode() {
        return exitCode;
    }

    /** Never null. */
    public String reason() {
        return String.valueOf(getMessage());
    }
}
