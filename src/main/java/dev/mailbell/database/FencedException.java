package dev.mailbell.database;

/** This daemon does not hold the lease on the database now, so it must not write. */
public final class FencedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public FencedException() {
        super(Outage.FENCED.message(), null, false, false);
    }
}
