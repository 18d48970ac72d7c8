package dev.mailbell.detection;

/** A client gave a position that the mailbox does not have. */
public final class PositionRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why the position is refused. */
    public enum Reason {
        /** Its UIDVALIDITY is not the one of the mailbox. */
        OTHER_UIDVALIDITY,
        /** No check has found its UID. */
        UNKNOWN_UID
    }

    private final Reason reason;

    public PositionRefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
