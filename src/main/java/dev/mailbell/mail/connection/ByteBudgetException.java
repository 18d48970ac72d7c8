package dev.mailbell.mail.connection;

import java.io.IOException;

/** Thrown when the server has sent more octets than any valid answer takes. */
public final class ByteBudgetException extends IOException {
    private static final long serialVersionUID = 1L;

    ByteBudgetException(long budget) {
        super("sent more than " + budget + " octets, so the rest was not read");
    }
}
