package dev.mailbell.watch.admission;

/**
 * The account is not watched by this node: it was paused, changed or removed, perhaps during the
 * check, whose result is void, or another node watches it.
 */
public final class NotWatchedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NotWatchedException() {
        super(
                "the account was paused, changed or removed meanwhile, or another node watches it",
                null,
                false,
                false);
    }
}
