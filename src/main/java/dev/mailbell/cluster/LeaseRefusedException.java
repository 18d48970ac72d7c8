package dev.mailbell.cluster;

/** Another daemon holds the lease; the message names it and says what to do. */
public final class LeaseRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LeaseRefusedException(String message) {
        super(message);
    }
}
