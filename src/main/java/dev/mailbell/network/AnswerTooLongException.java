package dev.mailbell.network;

import java.io.IOException;

/** A peer sent more octets than the budget of that part of its answer allows. */
public final class AnswerTooLongException extends IOException {
    AnswerTooLongException(String message) {
        super(message);
    }
}
