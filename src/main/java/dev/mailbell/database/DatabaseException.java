package dev.mailbell.database;

import org.jspecify.annotations.Nullable;

/**
 * The database cannot be used as it is, or a statement failed. The message is for the operator:
 * what is wrong and what to do, or the text of the server. It never contains a password or a value.
 */
public final class DatabaseException extends RuntimeException {
    public DatabaseException(String message) {
        super(message);
    }

    public DatabaseException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
