package dev.mailbell.network.socket;

import java.io.IOException;

/** A peer sent more octets than the budget of that part of its answer allows. */
public final class ResponseTooLongException extends IOException {
    public ResponseTooLongException(String message) {
        super(message);
    }
}
