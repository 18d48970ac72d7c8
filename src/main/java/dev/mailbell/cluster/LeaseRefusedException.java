package dev.mailbell.cluster;

/** The lease cannot be taken; the message names its holder or the failure, and what to do. */
public final class LeaseRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LeaseRefusedException(String message) {
        super(message);
    }
}
