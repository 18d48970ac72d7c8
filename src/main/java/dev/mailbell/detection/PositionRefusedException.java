package dev.mailbell.detection;

/** A client named a position that the mailbox does not have. */
public final class PositionRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is wrong with it. */
    public enum Reason {
        /** Its UIDVALIDITY is not the mailbox's. */
        OTHER_UIDVALIDITY,
        /** No look has seen its UID. */
        UNKNOWN_UID
    }

    private final Reason reason;

    PositionRefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
