package dev.mailbell.database;

/** This node must not write now: its heartbeat is late, or another node may own the shard. */
public final class FencedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public FencedException() {
        super(Outage.FENCED.message(), null, false, false);
    }
}
