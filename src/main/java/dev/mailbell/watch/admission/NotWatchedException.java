package dev.mailbell.watch.admission;

/**
 * The account is not watched: it was paused, changed or removed, perhaps during the check, whose
 * result is void.
 */
public final class NotWatchedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NotWatchedException() {
        super("the account was paused, changed or removed meanwhile", null, false, false);
    }
}
