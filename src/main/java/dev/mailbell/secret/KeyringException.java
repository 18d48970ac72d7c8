package dev.mailbell.secret;

/**
 * The keyset cannot be used, or not for this value. The message names the file and what to do, and
 * no secret.
 */
public final class KeyringException extends RuntimeException {
    KeyringException(String message) {
        super(message);
    }

    KeyringException(String message, Throwable cause) {
        super(message, cause);
    }
}
