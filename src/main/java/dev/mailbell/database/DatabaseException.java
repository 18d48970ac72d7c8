package dev.mailbell.database;

import org.jspecify.annotations.Nullable;

/**
 * The database cannot be used as it is. The message is for the operator: what is wrong and what to
 * do; it never holds a password.
 */
public final class DatabaseException extends RuntimeException {
    DatabaseException(String message) {
        super(message);
    }

    DatabaseException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
